/**
 * The configuration and tokenizer of a small T5 that reads the practice tasks.
 *
 * @module
 */
import { WORDS } from "./_lexicon.ts";
import { practiceWords } from "./_words.ts";

const SPECIAL = ["<pad>", "</s>", "<unk>"];

/** Words of the grammar, of the templates and of the answers. */
const KNOWN = new Set([
  ...WORDS,
  ...Object.values(practiceWords).flatMap(({ template, labels = [] }) => [
    ...template.replaceAll(/\{[01]\}/g, "").replaceAll(":", "").split(" ").filter((word) => word !== ""),
    ...labels,
  ]),
]);
const CHARACTERS = [..."abcdefghijklmnopqrstuvwxyz0123456789.:"];

/** Pieces with their log-probabilities: a known word is cheaper than its characters, which spell all others. */
const PIECES: readonly (readonly [piece: string, score: number])[] = [
  ...[...KNOWN].map((word) => [`▁${word}`, -5] as const),
  ...["▁", ...CHARACTERS].map((character) => [character, -10] as const),
];

const MAX_LENGTH = 32;

const CONFIG = {
  architectures: ["T5ForConditionalGeneration"],
  model_type: "t5",
  vocab_size: SPECIAL.length + PIECES.length,
  d_model: 64,
  d_kv: 8,
  d_ff: 256,
  num_layers: 2,
  num_heads: 8,
  relative_attention_num_buckets: 16,
  relative_attention_max_distance: 32,
  n_positions: MAX_LENGTH,
  dropout_rate: 0.1,
  initializer_factor: 0.3,
  pad_token_id: 0,
  eos_token_id: 1,
  decoder_start_token_id: 0,
};

const metaspace = { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true };
const sequence = (id: string) => ({ Sequence: { id, type_id: 0 } });
const END = { SpecialToken: { id: "</s>", type_id: 0 } };

/** SentencePiece's unigrams (Kudo 2018) with their log-probabilities, a text ended by `</s>`. */
export const unigramTokenizer = (pieces: readonly (readonly [piece: string, score: number])[]) => ({
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: SPECIAL.map((content, id) => ({
    ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
  })),
  normalizer: null,
  pre_tokenizer: metaspace,
  post_processor: {
    type: "TemplateProcessing",
    single: [sequence("A"), END],
    pair: [sequence("A"), END, sequence("B"), END],
    special_tokens: { "</s>": { id: "</s>", ids: [1], tokens: ["</s>"] } },
  },
  decoder: metaspace,
  model: {
    type: "Unigram",
    unk_id: 2,
    vocab: [...SPECIAL.map((token) => [token, 0] as const), ...pieces],
    byte_fallback: false,
  },
});

/** Names and contents of the files. */
export function t5Files(): { readonly [name: string]: string } {
  const text = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    "config.json": text(CONFIG),
    "tokenizer.json": text(unigramTokenizer(PIECES)),
    "tokenizer_config.json": text({ tokenizer_class: "T5Tokenizer", model_max_length: MAX_LENGTH }),
  };
}
