/**
 * The practice model's files beside its weights.
 *
 * @module
 */
import { WORDS } from "./_lexicon.ts";

const SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"];

/** The pieces that words are cut into, whole words of the grammar first; any other word is spelt. */
export const VOCABULARY: readonly string[] = [
  ...new Set([...SPECIAL, ...WORDS, ...LETTERS, ...LETTERS.map((letter) => `##${letter}`)]),
];

/** Names and contents of the files, as BERT's are. */
export function modelFiles(): { readonly [name: string]: string } {
  const lines = (text: string) => `${text}\n`;
  return {
    "config.json": lines(JSON.stringify(CONFIG, null, 2)),
    "tokenizer_config.json": lines(JSON.stringify(TOKENIZER_CONFIG, null, 2)),
    "vocab.txt": lines(VOCABULARY.join("\n")),
  };
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
