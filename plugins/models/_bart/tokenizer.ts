/**
 * BART's tokenizer, which is RoBERTa's.
 *
 * @module
 */
import { type JsonObject, parseJson, type TokenizerClass } from "@opf/framework";

const SPECIAL_TOKENS = {
  bos_token: "<s>",
  eos_token: "</s>",
  unk_token: "<unk>",
  sep_token: "</s>",
  pad_token: "<pad>",
  cls_token: "<s>",
  mask_token: "<mask>",
} as const;

/** Transformers' `RobertaTokenizer`: pairs of bytes (Radford et al. 2019), `<s> first </s></s> second </s>`. */
export const bartTokenizer: TokenizerClass = {
  names: ["BartTokenizer", "BartTokenizerFast", "RobertaTokenizer", "RobertaTokenizerFast"],
  specialTokens: SPECIAL_TOKENS,
  older: { files: ["vocab.json", "merges.txt"], read: ([vocab, merges], config) => fromPairs(vocab!, merges!, config) },
  configure,
};

function fromPairs(vocabText: string, mergesText: string, config: JsonObject): JsonObject {
  const vocab = parseJson(vocabText) as { readonly [token: string]: number } | null;
  if (typeof vocab !== "object" || vocab === null || Array.isArray(vocab)) {
    throw new Error("expected an object of ids by token");
  }
  const special = (attribute: "sep_token" | "cls_token") => {
    const name = config[attribute];
    const token = typeof name === "object" && name !== null ? (name as JsonObject).content : name;
    const content = typeof token === "string" ? token : SPECIAL_TOKENS[attribute];
    if (!Object.hasOwn(vocab, content)) throw new Error(`its vocabulary has no ${JSON.stringify(content)}`);
    return [content, vocab[content]];
  };
  return configure({
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: {
      type: "RobertaProcessing",
      sep: special("sep_token"),
      cls: special("cls_token"),
      trim_offsets: true,
      add_prefix_space: false,
    },
    model: {
      type: "BPE",
      vocab,
      merges: mergesText.split("\n").map((line) => line.trimEnd()).filter((line) =>
        line && !line.startsWith("#version")
      ),
    },
  }, config);
}

// Whether a space goes before the first word is the config's choice where it makes one.
function configure(json: JsonObject, { add_prefix_space }: JsonObject): JsonObject {
  const preTokenizer = json.pre_tokenizer as JsonObject | null | undefined;
  if (preTokenizer?.type !== "ByteLevel" || typeof add_prefix_space !== "boolean") return json;
  return { ...json, pre_tokenizer: { ...preTokenizer, add_prefix_space } };
}
