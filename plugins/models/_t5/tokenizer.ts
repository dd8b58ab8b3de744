/**
 * T5's tokenizer.
 *
 * @module
 */
import type { TokenizerClass } from "@opf/framework";

/**
 * Transformers' `T5Tokenizer`: SentencePiece's unigrams (Kudo 2018), `first </s> second </s>`; from `tokenizer.json` only,
 * all of whose parts count. Since version 5 Transformers takes the pieces and the table of characters from it, and always
 * splits at white space first, which gives other ids for spaces in a row where the file has no `WhitespaceSplit`.
 */
export const t5Tokenizer: TokenizerClass = {
  names: ["T5Tokenizer", "T5TokenizerFast"],
  specialTokens: { eos_token: "</s>", unk_token: "<unk>", pad_token: "<pad>" },
};
