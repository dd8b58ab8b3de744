/**
 * A bare vocabulary as a tokenizer.
 *
 * @module
 */

type Fields = Readonly<Record<string, unknown>>;

/** Special tokens of a BERT by the names that `tokenizer_config.json` has for them. */
const SPECIAL = {
  unk_token: "[UNK]",
  sep_token: "[SEP]",
  pad_token: "[PAD]",
  cls_token: "[CLS]",
  mask_token: "[MASK]",
} as const;

/**
 * What `tokenizer.json` would say for the vocabulary of a BERT, one token a line, as Transformers' `BertTokenizer` makes
 * it: lower case unless `config` says otherwise, pieces of words after `##`, `[CLS] first [SEP] second [SEP]`.
 */
export function bertTokenizer(text: string, config: Fields): Fields {
  const lines = text.split("\n").map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
  if (lines.at(-1) === "") lines.pop();
  const vocab = Object.fromEntries(lines.map((token, id) => [token, id]));
  const named = (key: keyof typeof SPECIAL) => textOf(config[key]) ?? SPECIAL[key];
  for (const token of ["unk_token", "sep_token", "cls_token"] as const) {
    if (!Object.hasOwn(vocab, named(token))) throw new Error(`its vocabulary has no "${named(token)}"`);
  }
  const special = (Object.keys(SPECIAL) as (keyof typeof SPECIAL)[]).map(named)
    .filter((token) => Object.hasOwn(vocab, token));
  const mark = (token: string, type_id: number) => ({ SpecialToken: { id: token, type_id } });
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  const cls = mark(named("cls_token"), 0), sep = named("sep_token");
  return {
    version: "1.0",
    added_tokens: special.map((content) => ({
      id: vocab[content],
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
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
      single: [cls, sequence("A", 0), mark(sep, 0)],
      pair: [cls, sequence("A", 0), mark(sep, 0), sequence("B", 1), mark(sep, 1)],
      special_tokens: Object.fromEntries(
        [named("cls_token"), sep].map((id) => [id, { id, ids: [vocab[id]], tokens: [id] }]),
      ),
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: named("unk_token"),
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}

// A token as text, or as an object that has it as its content.
function textOf(token: unknown): string | undefined {
  const content = typeof token === "object" && token !== null ? (token as Fields).content : token;
  return typeof content === "string" ? content : undefined;
}
