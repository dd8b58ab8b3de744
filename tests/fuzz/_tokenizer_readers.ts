/**
 * Readers of tokenizers, in one file and in several.
 *
 * @module
 */
import { loadTokenizer, type Repository, type TokenizerClass } from "@opf/framework";
import { basename, dirname, join } from "node:path";
import { bartTokenizer } from "../../plugins/models/_bart/tokenizer.ts";
import { bertTokenizer } from "../../plugins/models/_bert/tokenizer.ts";
import { TOKENIZER, VOCABULARY } from "../_tiny.ts";
import { decode, encode, expectDistinct, expectKeysOnce, expectSame, jsonFile } from "./_expect.ts";
import { Contradiction, type FileReader } from "./_fuzz.ts";

const { model: wordPiece, ...others } = TOKENIZER;
const TOKENIZER_FILES = {
  "tokenizer.json": TOKENIZER,
  "tokenizer_config.json": {
    tokenizer_class: "BertTokenizer",
    do_lower_case: true,
    truncation_side: "right",
    model_input_names: ["input_ids", "token_type_ids"],
    added_tokens_decoder: { "20": { content: "<new>", special: true, lstrip: true } },
  },
  "special_tokens_map.json": {
    cls_token: "[CLS]",
    sep_token: { content: "[SEP]" },
    additional_special_tokens: ["<a>"],
  },
  "added_tokens.json": { "<b>": 20 },
};
const WORD_LEVEL = {
  ...others,
  normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Lowercase" }] },
  pre_tokenizer: { type: "Split", pattern: { Regex: "\\s+" }, behavior: "Removed", invert: false },
  model: { type: "WordLevel", vocab: wordPiece.vocab, unk_token: "[UNK]" },
};
const BPE = {
  ...others,
  pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  model: {
    type: "BPE",
    unk_token: "[UNK]",
    vocab: Object.fromEntries(
      ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "▁", "a", "f", "i", "fi", "▁a"].map((t, id) => [t, id]),
    ),
    merges: ["f i", ["▁", "a"]],
  },
};
const UNIGRAM = {
  ...others,
  pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  model: {
    type: "Unigram",
    unk_id: 1,
    vocab: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "▁", "a", "fi", "film"].map((token, id) => [token, -id]),
  },
};

async function readTokenizer(
  files: { readonly [name: string]: string },
  tokenizerClass: TokenizerClass = bertTokenizer,
): Promise<undefined> {
  const repository: Repository = { origin: { folder: "a folder" }, file: (name) => Promise.resolve(files[name]) };
  const tokenizer = await loadTokenizer(repository, { tokenizerClass });
  for (const texts of [["The film is good <b> [SEP]."], ["a very film", "the plots, fi\u0301ne"], [""]] as const) {
    const maxLength = 12;
    const { ids, tokenTypeIds } = tokenizer.encode(texts as [string], maxLength);
    expectSame("token types", tokenTypeIds.length, ids.length);
    if (ids.length > maxLength) throw new Contradiction(`expected ${maxLength} tokens, got ${ids.length}`);
    const isId = (id: number) => Number.isInteger(id) && id >= 0 && id < tokenizer.vocabularySize;
    const wrong = [...ids, tokenizer.padId].find((id) => !isId(id));
    if (wrong !== undefined) throw new Contradiction(`expected ids below ${tokenizer.vocabularySize}, got ${wrong}`);
  }
  return undefined;
}

export const tokenizerJson: FileReader = {
  name: "tokenizer.json",
  seeds: [
    jsonFile("tokenizer.json", TOKENIZER),
    jsonFile("tokenizer.json", WORD_LEVEL),
    jsonFile("tokenizer.json", BPE),
    jsonFile("tokenizer.json", UNIGRAM),
    ...Object.entries(TOKENIZER_FILES).slice(1).map(([name, value]) => jsonFile(name, value)),
  ],
  names: /(token|config|map)\w*\.json|^Encoding a text/,
  async read(path, bytes) {
    const whole = join(dirname(path), "whole-tokenizer.json");
    await Deno.writeTextFile(whole, JSON.stringify(TOKENIZER));
    await readTokenizer({ "tokenizer.json": whole, [basename(path)]: path });
    expectKeysOnce(decode(bytes));
    return undefined;
  },
};

export const vocabulary: FileReader = {
  name: "vocab.txt",
  seeds: [{ name: "vocab.txt", bytes: encode(VOCABULARY.join("\n") + "\n") }],
  async read(path, bytes) {
    await readTokenizer({ "vocab.txt": path });
    expectDistinct("tokens", decode(bytes).split("\n").map((line) => line.trimEnd()).filter((line) => line !== ""));
    return undefined;
  },
};

const PAIRS = ["<s>", "</s>", "<unk>", "<pad>", "<mask>", "a", "f", "i", "fi", "Ġ", "Ġa"];
const PAIR_FILES = [
  jsonFile("vocab.json", Object.fromEntries(PAIRS.map((token, id) => [token, id]))),
  { name: "merges.txt", bytes: encode("#version: 0.2\nf i\nĠ a\n") },
];

export const pairFiles: FileReader = {
  name: "vocab.json and merges.txt",
  seeds: PAIR_FILES,
  names: /(vocab|merges)\.(json|txt)|^Encoding a text/,
  async read(path, bytes) {
    const other = PAIR_FILES.find(({ name }) => name !== basename(path))!;
    const whole = join(dirname(path), `whole-${other.name}`);
    await Deno.writeFile(whole, other.bytes);
    await readTokenizer({ [basename(path)]: path, [other.name]: whole }, bartTokenizer);
    if (path.endsWith(".json")) expectKeysOnce(decode(bytes));
    return undefined;
  },
};
