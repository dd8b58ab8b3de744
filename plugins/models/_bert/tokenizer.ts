/**
 * BERT's tokenizer.
 *
 * @module
 */
import type { JsonObject, TokenizerClass } from "@opf/framework";

/** Special tokens by the names that `tokenizer_config.json` has for them. */
const SPECIAL_TOKENS = {
  unk_token: "[UNK]",
  sep_token: "[SEP]",
  pad_token: "[PAD]",
  cls_token: "[CLS]",
  mask_token: "[MASK]",
} as const;

/** Transformers' `BertTokenizer`: lower case unless the config says otherwise, `[CLS] first [SEP] second [SEP]`. */
export const bertTokenizer: TokenizerClass = {
  names: ["BertTokenizer", "BertTokenizerFast"],
  specialTokens: SPECIAL_TOKENS,
  older: { files: ["vocab.txt"], read: ([text], config) => configure(fromVocabulary(text!, config), config) },
  configure,
};

// A vocabulary with one token a line, and pieces that continue a word after `##`.
function fromVocabulary(text: string, config: JsonObject): JsonObject {
  const lines = text.split("\n").map(trimEnd);
  if (lines.at(-1) === "") lines.pop();
  const vocab = idsOf(lines);
  const named = (key: keyof typeof SPECIAL_TOKENS) => textOf(config[key]) ?? SPECIAL_TOKENS[key];
  for (const token of ["unk_token", "sep_token", "cls_token"] as const) {
    if (!Object.hasOwn(vocab, named(token))) throw new Error(`its vocabulary has no "${named(token)}"`);
  }
  const special = (token: string, type_id: number) => ({ SpecialToken: { id: token, type_id } });
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  const cls = special(named("cls_token"), 0), sep = named("sep_token");
  return {
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
      single: [cls, sequence("A", 0), special(sep, 0)],
      pair: [cls, sequence("A", 0), special(sep, 0), sequence("B", 1), special(sep, 1)],
      special_tokens: Object.fromEntries(
        [named("cls_token"), sep].map((id) => [id, { id, ids: [vocab[id]], tokens: [id] }]),
      ),
    },
    model: {
      type: "WordPiece",
      unk_token: named("unk_token"),
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}

// White space as Unicode defines it: JavaScript's own function takes U+FEFF for it too, and not U+0085.
function trimEnd(line: string): string {
  let end = line.length;
  while (end > 0 && /\p{White_Space}/u.test(line[end - 1]!)) end--;
  return line.slice(0, end);
}

// Published vocabularies have several blank lines, which no text contains, but no token twice; Transformers would take the
// last one.
function idsOf(tokens: readonly string[]): { readonly [token: string]: number } {
  const ids = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    const other = ids.get(token);
    if (other !== undefined && token !== "") {
      throw new Error(`expected every token once, got ${JSON.stringify(token)} on lines ${other + 1} and ${id + 1}`);
    }
    ids.set(token, id);
  }
  return Object.fromEntries(ids);
}

// Case, accents and ideographs are the config's choice where it makes one.
function configure(json: JsonObject, config: JsonObject): JsonObject {
  const normalizer = json.normalizer as JsonObject | null | undefined;
  if (normalizer?.type !== "BertNormalizer") return json;
  const { do_lower_case: lowercase, tokenize_chinese_chars: chinese, strip_accents: strip } = config;
  return {
    ...json,
    normalizer: {
      ...normalizer,
      ...(typeof lowercase === "boolean" && { lowercase }),
      ...(typeof chinese === "boolean" && { handle_chinese_chars: chinese }),
      ...(typeof strip === "boolean" && { strip_accents: strip }),
    },
  };
}

// A token as text, or as an object that has it as its content.
function textOf(token: unknown): string | undefined {
  const content = typeof token === "object" && token !== null ? (token as JsonObject).content : token;
  return typeof content === "string" ? content : undefined;
}
