/**
 * T5's tokenizer.
 *
 * @module
 */
import type { TokenizerClass } from "@opf/framework";

/** Transformers' `T5Tokenizer`: SentencePiece's unigrams (Kudo 2018), `first </s> second </s>`; from `tokenizer.json` only. */
export const t5Tokenizer: TokenizerClass = {
  names: ["T5Tokenizer", "T5TokenizerFast"],
  specialTokens: { eos_token: "</s>", unk_token: "<unk>", pad_token: "<pad>" },
};
