/**
 * The practice model's files beside its weights.
 *
 * @module
 */
import type { Json } from "@opf/framework";
import { WORDS } from "./_lexicon.ts";

const SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"];

/** The pieces that words are cut into, whole words of the grammar first; any other word is spelt. */
export const VOCABULARY: readonly string[] = [
  ...new Set([...SPECIAL, ...WORDS, ...LETTERS, ...LETTERS.map((letter) => `##${letter}`)]),
];

/** Names and contents of the files, as BERT's are. */
export function modelFiles(): { readonly [name: string]: Json } {
  return { "config.json": CONFIG, "tokenizer.json": tokenizer(), "tokenizer_config.json": TOKENIZER_CONFIG };
}

const LONGEST = 32;

const CONFIG = {
  architectures: ["BertModel"],
  model_type: "bert",
  vocab_size: VOCABULARY.length,
  hidden_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 384,
  max_position_embeddings: LONGEST,
  type_vocab_size: 2,
  hidden_act: "gelu",
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
  initializer_range: 0.05,
  layer_norm_eps: 1e-12,
};

const TOKENIZER_CONFIG = {
  tokenizer_class: "BertTokenizer",
  do_lower_case: true,
  model_max_length: LONGEST,
  ...Object.fromEntries(
    ["pad", "unk", "cls", "sep", "mask"].map((name) => [`${name}_token`, `[${name.toUpperCase()}]`]),
  ),
};

function tokenizer(): Json {
  const token = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [token("[CLS]", 0), sequence("A", 0), token("[SEP]", 0)],
      pair: [token("[CLS]", 0), sequence("A", 0), token("[SEP]", 0), sequence("B", 1), token("[SEP]", 1)],
      special_tokens: Object.fromEntries(
        ["[CLS]", "[SEP]"].map((id) => [id, { id, ids: [VOCABULARY.indexOf(id)], tokens: [id] }]),
      ),
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(VOCABULARY.map((piece, id) => [piece, id])),
    },
  };
}
