/**
 * MPNet's tokenizer.
 *
 * @module
 */
import type { TokenizerClass } from "@opf/framework";
import { bertTokenizer } from "../_bert/tokenizer.ts";

/** Transformers' `MPNetTokenizer`: BERT's words, `<s> first </s></s> second </s>`; from `tokenizer.json` only. */
export const mpnetTokenizer: TokenizerClass = {
  names: ["MPNetTokenizer", "MPNetTokenizerFast"],
  specialTokens: {
    bos_token: "<s>",
    eos_token: "</s>",
    unk_token: "[UNK]",
    sep_token: "</s>",
    pad_token: "<pad>",
    cls_token: "<s>",
    mask_token: "<mask>",
  },
  ...(bertTokenizer.configure && { configure: bertTokenizer.configure }),
};
