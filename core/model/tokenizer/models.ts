/**
 * Models of `tokenizer.json`: which tokens a word is made of.
 *
 * @module
 */
import { BPE, Unigram, WordPiece } from "@huggingface/tokenizers";
import { z } from "zod";
import { isObject, optional, shortJson } from "../../io/json_file.ts";

/** Token ids of a word. */
export type WordEncoder = (word: string) => number[];

/** What a model is to a tokenizer. */
export interface TokenizerModel {
  /** Ids by token. */
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly encode: WordEncoder;
}

/** Larger ids are a mistake, and would make large tables. */
export const MAX_TOKEN_ID = 2 ** 24 - 1;

const empty = z.literal("").nullish();
const wordPieceSchema = z.strictObject({
  type: z.literal("WordPiece"),
  vocab: z.unknown(),
  unk_token: z.string(),
  continuing_subword_prefix: z.string(),
  max_input_chars_per_word: z.int().min(1).max(1_000_000),
});
const bpeSchema = z.strictObject({
  type: z.literal("BPE"),
  vocab: z.unknown(),
  merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  dropout: z.literal(0).nullish(),
  unk_token: optional(z.string()),
  continuing_subword_prefix: empty,
  end_of_word_suffix: z.string().nullish(),
  fuse_unk: z.boolean().default(false),
  byte_fallback: z.boolean().default(false),
  ignore_merges: z.boolean().default(false),
});
const unigramSchema = z.strictObject({
  type: z.literal("Unigram"),
  vocab: z.array(z.tuple([z.string(), z.number()])).min(1).max(MAX_TOKEN_ID + 1),
  unk_id: z.int().min(0),
  byte_fallback: z.literal(false).default(false),
});
const wordLevelSchema = z.strictObject({ type: z.literal("WordLevel"), vocab: z.unknown(), unk_token: z.string() });

/** A model that was compared with the Rust library. */
export const modelSchema = z.preprocess(
  // Old files leave the type out.
  (value) => isObject(value) && value.type === undefined ? { ...value, type: typeOf(value) } : value,
  z.discriminatedUnion("type", [wordPieceSchema, bpeSchema, unigramSchema, wordLevelSchema]),
);

const typeOf = (model: { readonly [key: string]: unknown }): string | undefined =>
  "merges" in model
    ? "BPE"
    : Array.isArray(model.vocab)
    ? "Unigram"
    : "max_input_chars_per_word" in model
    ? "WordPiece"
    : undefined;

/** The model that a description means. Its words are looked up once. */
export function modelOf(description: z.output<typeof modelSchema>): TokenizerModel {
  const { vocabulary, encode } = uncached(description);
  const known = new Map<string, number[]>();
  return {
    vocabulary,
    encode: (word) => {
      const ids = known.get(word) ?? encode(word);
      if (known.size < 50_000 && word.length < 100) known.set(word, ids);
      return ids;
    },
  };
}

function uncached(description: z.output<typeof modelSchema>): TokenizerModel {
  switch (description.type) {
    case "WordLevel": {
      const vocabulary = vocabularyOf(description.vocab);
      const unknown = idOf(description.unk_token, { vocabulary, field: "unk_token" });
      return { vocabulary, encode: (word) => [vocabulary.get(word) ?? unknown] };
    }
    case "WordPiece": {
      const vocabulary = vocabularyOf(description.vocab);
      idOf(description.unk_token, { vocabulary, field: "unk_token" });
      const model = new WordPiece({ ...description, vocab: description.vocab as Record<string, number> });
      return { vocabulary, encode: (word) => idsOf(model.encode([word]), vocabulary) };
    }
    case "BPE":
      return bytePairs(description);
    case "Unigram":
      return unigram(description);
  }
}

function bytePairs({ merges, unk_token, ...description }: z.output<typeof bpeSchema>): TokenizerModel {
  const vocabulary = vocabularyOf(description.vocab);
  if (unk_token !== undefined) idOf(unk_token, { vocabulary, field: "unk_token" });
  const pairs = merges.map((merge, index): [string, string] => {
    const pair = typeof merge === "string" ? merge.split(" ") : merge;
    const isKnown = pair.length === 2 && [...pair, pair.join("")].every((token) => vocabulary.has(token));
    if (isKnown) return pair as [string, string];
    throw new Error(
      `"model.merges.${index}": expected two tokens of the vocabulary that make a third, got ${JSON.stringify(merge)}`,
    );
  });
  if (new Set(pairs.map((pair) => pair.join(" "))).size < pairs.length) {
    throw new Error('"model.merges": expected every merge once, got one twice');
  }
  const model = new BPE(
    {
      ...description,
      vocab: description.vocab as Record<string, number>,
      merges: pairs,
      ...(unk_token !== undefined && { unk_token }),
    } as unknown as ConstructorParameters<typeof BPE>[0],
  );
  // Without a token for them, unknown characters are left out before pairs are joined.
  const hasUnknown = unk_token !== undefined || description.byte_fallback;
  if (!hasUnknown && description.end_of_word_suffix) {
    throw new Error('"model.unk_token": expected a token beside "end_of_word_suffix", got null');
  }
  const isWhole = (word: string) => description.ignore_merges && vocabulary.has(word);
  const known = (word: string) => [...word].filter((character) => vocabulary.has(character)).join("");
  return {
    vocabulary,
    // One word at a time: unknown tokens are joined within a word only.
    encode: (word) => idsOf(model._call([hasUnknown || isWhole(word) ? word : known(word)]), vocabulary),
  };
}

function unigram({ vocab, unk_id, ...description }: z.output<typeof unigramSchema>): TokenizerModel {
  const vocabulary = new Map(vocab.map(([token], id) => [token, id]));
  if (vocabulary.size < vocab.length) throw new Error('"model.vocab": expected every token once, got one twice');
  const unknown = vocab[unk_id];
  if (!unknown) throw new Error(`"model.unk_id": expected an id below ${vocab.length}, got ${unk_id}`);
  const model = new Unigram(
    { ...description, vocab, unk_id } as unknown as ConstructorParameters<typeof Unigram>[0],
    "",
  );
  model.scores[unk_id] = unknown[1]; // the library's own penalty is for unknown characters, not for the token's text
  return { vocabulary, encode: (word) => model._call([word]).map((token) => vocabulary.get(token) ?? unk_id) };
}

const idsOf = (tokens: readonly string[], vocabulary: ReadonlyMap<string, number>): number[] =>
  tokens.map((token) => idOf(token, { vocabulary, field: "vocab" }));

function idOf(
  token: string,
  { vocabulary, field }: { vocabulary: ReadonlyMap<string, number>; field: string },
): number {
  const id = vocabulary.get(token);
  if (id === undefined) throw new Error(`"model.${field}": expected a token of the vocabulary, got "${token}"`);
  return id;
}

function vocabularyOf(value: unknown): Map<string, number> {
  if (!isObject(value)) throw new Error(`"model.vocab": expected an object, got ${shortJson(value)}`);
  const vocabulary = new Map<string, number>();
  const tokens = new Map<number, string>();
  for (const [token, id] of Object.entries(value)) {
    if (!Number.isInteger(id) || (id as number) < 0 || (id as number) > MAX_TOKEN_ID) {
      throw new Error(`"model.vocab.${token}": expected an id from 0 to ${MAX_TOKEN_ID}, got ${shortJson(id)}`);
    }
    const other = tokens.get(id as number);
    if (other !== undefined) {
      throw new Error(`"model.vocab": expected one token an id, got "${other}" and "${token}" for ${id}`);
    }
    tokens.set(id as number, token);
    vocabulary.set(token, id as number);
  }
  return vocabulary;
}
