/**
 * Whether a tokenizer and a model belong together.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import type { EncodedExample } from "./batch.ts";
import type { Architecture } from "./model.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** What is checked. */
export interface TokenizerFitOptions {
  readonly architecture: Architecture;
  /** The model's name, for messages. */
  readonly model: string;
  /** Whether the task has pairs of texts. */
  readonly hasPairs: boolean;
}

/**
 * Checks that a model has embeddings for every token and token type that its tokenizer gives, and that texts are padded with
 * the model's token and end with it, where it needs one. A special token may lack an embedding, as `<mask>` does in BARTs
 * that were fine-tuned for summaries: {@linkcode checkTokenIds} refuses a text that spells it out.
 *
 * @throws {RequestError} with what the tokenizer gives and what the model takes
 */
export function checkTokenizerFit(tokenizer: Tokenizer, { architecture, model, hasPairs }: TokenizerFitOptions): void {
  const { vocab_size, pad_token_id } = architecture.config;
  if (typeof vocab_size === "number") {
    let tokens = tokenizer.vocabularySize;
    while (tokens > vocab_size && tokenizer.specialIds?.has(tokens - 1)) tokens--;
    if (tokens > vocab_size) {
      throw new RequestError(
        `${model}: expected a tokenizer of at most ${vocab_size} tokens ("vocab_size" of config.json), got ${tokenizer.vocabularySize}.`,
      );
    }
    const inAll = [
      ...tokenizer.encode([""], Infinity).ids,
      ...tokenizer.encode(["", ""], Infinity).ids,
      tokenizer.padId,
    ];
    const missing = inAll.find((id) => id >= vocab_size);
    if (missing !== undefined) {
      throw new RequestError(
        `${model}: expected special tokens with ids below ${vocab_size} ("vocab_size" of config.json) around texts, got ${missing}.`,
      );
    }
  }
  if (typeof pad_token_id === "number" && tokenizer.padId !== pad_token_id) {
    throw new RequestError(
      `${model}: expected a tokenizer that pads with the token ${pad_token_id} ("pad_token_id" of config.json), got ${tokenizer.padId}.`,
    );
  }
  const { endToken } = architecture;
  const last = endToken === undefined ? undefined : tokenizer.encode([""], Infinity).ids.at(-1);
  if (last !== endToken) {
    throw new RequestError(
      `${model}: expected a tokenizer that ends each text with the token ${endToken} ("eos_token_id" of config.json), got ` +
        `${last === undefined ? "no token" : `the token ${last}`} there; "post_processor" of tokenizer.json adds it.`,
    );
  }
  const types = tokenizer.tokenTypes[hasPairs ? "pair" : "single"];
  if (architecture.tokenTypes !== undefined && types > architecture.tokenTypes) {
    throw new RequestError(
      `${model}: expected at most ${architecture.tokenTypes} token types ("type_vocab_size" of config.json), got ${types} ` +
        `from its tokenizer; "model_input_names" without "token_type_ids" in tokenizer_config.json gives one.`,
    );
  }
}

/**
 * Checks that a model has an embedding for every token of examples.
 *
 * @throws {RequestError} with the first example that has another token
 */
export function checkTokenIds(
  examples: readonly EncodedExample[],
  { architecture: { config: { vocab_size } }, tokenizer, set }: {
    readonly architecture: Architecture;
    readonly tokenizer: Tokenizer;
    /** For messages: `train`. */
    readonly set: string;
  },
): void {
  if (typeof vocab_size !== "number" || tokenizer.vocabularySize <= vocab_size) return;
  for (const { index, ids, targets = [] } of examples) {
    const id = [...ids, ...targets].find((id) => id >= vocab_size);
    if (id === undefined) continue;
    throw new RequestError(
      `${set} example ${index}: expected tokens with ids below ${vocab_size} ("vocab_size" of config.json), got ${id}; its ` +
        "text spells out a special token that the model has no embedding for.",
    );
  }
}
