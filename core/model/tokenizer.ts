/**
 * Texts as token ids.
 *
 * @module
 */

/** One or two texts as tokens, special ones included, without padding. */
export interface Encoding {
  readonly ids: number[];
  /** Each token's segment: 0 in the first text, 1 in the second, as the tokenizer's template says. */
  readonly tokenTypeIds: number[];
}

/** Turns texts into token ids. */
export interface Tokenizer {
  /** The token that shorter examples of a batch are padded with. */
  readonly padId: number;
  /** One more than the largest id. */
  readonly vocabularySize: number;
  /** Ids of special tokens, which no text has but one that spells them out, or by the layout of all. @default none */
  readonly specialIds?: ReadonlySet<number>;
  /** Numbers of segments, of a text and of a pair: the rows that the model's embeddings of segments need. */
  readonly tokenTypes: { readonly single: number; readonly pair: number };
  /**
   * Encodes a text or a pair to at most `maxLength` tokens. The longer text of a pair is cut first; where both are cut they
   * end up equal, and one token that is over stays with the longer, or else with the second.
   *
   * @throws {RequestError} for a `maxLength` that leaves no room for the special tokens
   */
  encode(texts: readonly [string] | readonly [string, string], maxLength: number): Encoding;
  /** The text of token ids without special tokens; absent if the kind of decoder is not supported. */
  decode?(ids: readonly number[]): string;
}

/** A JSON object that a file holds. */
export type JsonObject = { readonly [key: string]: unknown };

/** What a kind of model adds to the reading of its tokenizer: one of Transformers' tokenizer classes. */
export interface TokenizerClass {
  /** Names of the class in `tokenizer_config.json`. */
  readonly names: readonly string[];
  /** Special tokens where no file names them, by attribute: `{ cls_token: "[CLS]" }`. */
  readonly specialTokens: { readonly [attribute: string]: string };
  /** What replaces `tokenizer.json` in a repository that lacks it. @default nothing */
  readonly older?: {
    readonly files: readonly string[];
    /** What `tokenizer.json` would hold, from the texts of these files. */
    read(texts: readonly string[], config: JsonObject): JsonObject;
  };
  /** The contents of `tokenizer.json` with the class's own settings of `tokenizer_config.json` applied. */
  configure?(json: JsonObject, config: JsonObject): JsonObject;
}
