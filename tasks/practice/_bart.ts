/**
 * The configuration and tokenizer of a small BART that reads the practice tasks.
 *
 * @module
 */
import { WORDS } from "./_lexicon.ts";

const SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"];
const [START, PAD, END] = [0, 1, 2];

// The character that stands for each byte (Radford et al. 2019): itself if it prints, else one from 256 on.
const BYTES = (() => {
  const prints = (byte: number) => byte >= 33 && byte <= 126 || byte >= 161 && byte <= 172 || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(prints(byte) ? byte : next++));
})();
const SPACE = BYTES[32]!;

/** The beginnings of all words after a space, and what each is made of: the beginning before it and one more letter. */
const MERGES = new Map(
  WORDS.flatMap((word) =>
    [...word].map((letter, index) => [SPACE + word.slice(0, index + 1), [SPACE + word.slice(0, index), letter]])
  ) as [string, [string, string]][],
);

const MAX_LENGTH = 32;
const VOCABULARY = [...SPECIAL, ...BYTES, ...MERGES.keys()];

const CONFIG = {
  architectures: ["BartModel"],
  model_type: "bart",
  vocab_size: VOCABULARY.length,
  max_position_embeddings: MAX_LENGTH,
  d_model: 64,
  encoder_layers: 2,
  encoder_ffn_dim: 256,
  encoder_attention_heads: 4,
  decoder_layers: 2,
  decoder_ffn_dim: 256,
  decoder_attention_heads: 4,
  activation_function: "gelu",
  dropout: 0,
  init_std: 0.05,
  bos_token_id: START,
  pad_token_id: PAD,
  eos_token_id: END,
  decoder_start_token_id: END,
};

/** Names and contents of the files. */
export function bartFiles(): { readonly [name: string]: string } {
  const text = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    "config.json": text(CONFIG),
    "vocab.json": text(Object.fromEntries(VOCABULARY.map((token, id) => [token, id]))),
    "merges.txt": `#version: 0.2\n${[...MERGES.values()].map((pair) => `${pair.join(" ")}\n`).join("")}`,
    "tokenizer_config.json": text({
      tokenizer_class: "BartTokenizer",
      model_max_length: MAX_LENGTH,
      add_prefix_space: true,
    }),
  };
}
