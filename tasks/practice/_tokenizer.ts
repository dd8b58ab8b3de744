/**
 * The configuration and tokenizer files of the practice model.
 *
 * @module
 */
import { WORDS } from "./_lexicon.ts";

const SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"];

/** The WordPiece vocabulary: whole words of the grammar first; other words are spelled by letters. */
const VOCABULARY: readonly string[] = [
  ...new Set([...SPECIAL, ...WORDS, ...LETTERS, ...LETTERS.map((letter) => `##${letter}`)]),
];

/** Names and contents of the files, in BERT's format. */
export function modelFiles(): { readonly [name: string]: string } {
  const line = (text: string) => `${text}\n`;
  return {
    "config.json": line(JSON.stringify(CONFIG, null, 2)),
    "tokenizer_config.json": line(JSON.stringify(TOKENIZER_CONFIG, null, 2)),
    "vocab.txt": line(VOCABULARY.join("\n")),
  };
}

const MAX_LENGTH = 32;

const CONFIG = {
  architectures: ["BertModel"],
  model_type: "bert",
  vocab_size: VOCABULARY.length,
  hidden_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 384,
  max_position_embeddings: MAX_LENGTH,
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
  model_max_length: MAX_LENGTH,
  ...Object.fromEntries(
    ["pad", "unk", "cls", "sep", "mask"].map((name) => [`${name}_token`, `[${name.toUpperCase()}]`]),
  ),
};
