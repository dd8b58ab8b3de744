/**
 * A tokenizer from the parts that `tokenizer.json` describes.
 *
 * @module
 */
import { z } from "zod";
import { RequestError } from "../../errors.ts";
import { optional } from "../../io/json_file.ts";
import type { Encoding, Tokenizer } from "../tokenizer.ts";
import { addedTokenSplitter } from "./added_tokens.ts";
import { decoderOf } from "./decoder.ts";
import { modelOf, modelSchema } from "./models.ts";
import { normalizerOf, normalizerSchema } from "./normalizers.ts";
import { type LayoutPart, layoutsOf, postProcessorSchema } from "./post_processors.ts";
import { preTokenizerOf, preTokenizerSchema } from "./pre_tokenizers.ts";
import { addedTokenSchema, addedTokensOf, type addedTokensSchema, specialTokensSchema } from "./special_tokens.ts";
import { truncate, type TruncationSide } from "./truncation.ts";

/** Classes of Transformers that follow `tokenizer.json` alone. */
export const GENERIC_CLASSES = ["PreTrainedTokenizerFast", "TokenizersBackend"];
/** Whether a `tokenizer_class` is one of {@linkcode GENERIC_CLASSES}. */
export const isGeneric = (name: string | undefined) => name !== undefined && GENERIC_CLASSES.includes(name);

const direction = z.object({ direction: z.enum(["Left", "Right"]).default("Right") });
/** `tokenizer.json`. */
export const fileSchema = z.object({
  truncation: direction.nullish(),
  padding: direction.extend({ pad_token: z.string().optional() }).nullish(),
  added_tokens: z.array(addedTokenSchema).default([]),
  normalizer: normalizerSchema.nullish(),
  pre_tokenizer: preTokenizerSchema.nullish(),
  post_processor: postProcessorSchema.nullish(),
  decoder: z.unknown().optional(),
  model: modelSchema,
});

/** `tokenizer_config.json`. */
export const configSchema = specialTokensSchema.extend({
  tokenizer_class: optional(z.string()),
  truncation_side: optional(z.enum(["left", "right"])),
  padding_side: optional(z.literal("right", 'expected "right": padding on the left is not supported')),
  split_special_tokens: z.literal(false, "expected false: splitting special tokens is not supported").nullish(),
  model_input_names: optional(z.array(z.string())),
});

/** What other files say. */
export interface TokenizerOptions {
  readonly config: z.output<typeof configSchema>;
  /** Special tokens where no file names them. */
  readonly defaults: { readonly [attribute: string]: string };
  /** `special_tokens_map.json`. */
  readonly map?: z.output<typeof specialTokensSchema>;
  /** `added_tokens.json`. */
  readonly added?: z.output<typeof addedTokensSchema>;
}

/** @throws {Error} for parts that contradict each other */
export function tokenizerOf(file: z.output<typeof fileSchema>, { config, ...names }: TokenizerOptions): Tokenizer {
  const model = modelOf(file.model);
  const { tokens, padToken } = addedTokensOf({ base: file.added_tokens, config, ...names }, model.vocabulary);
  const vocabulary = new Map([...model.vocabulary, ...tokens.map(({ content, id }) => [content, id] as const)]);
  const layouts = layoutsOf(file.post_processor ?? null, vocabulary);
  const sections = addedTokenSplitter(tokens, normalizerOf(file.normalizer ?? null));
  const preTokenize = preTokenizerOf(file.pre_tokenizer ?? null);
  const idsOf = (text: string): number[] =>
    sections(text).flatMap((section) =>
      "id" in section ? [section.id] : preTokenize(section.text).flatMap(model.encode)
    );
  const side: TruncationSide = config.truncation_side ?? (file.truncation?.direction === "Left" ? "left" : "right");
  if (config.padding_side === undefined && file.padding?.direction === "Left") {
    throw new Error('"padding.direction": expected "Right", got "Left", which is not supported');
  }
  // Without segments among the model's inputs, as with the generic classes, every token is in the first.
  const hasTypes = config.model_input_names?.includes("token_type_ids") ?? !isGeneric(config.tokenizer_class);
  const typesOf = (layout: readonly LayoutPart[]) => hasTypes ? Math.max(...layout.map(({ typeId }) => typeId)) + 1 : 1;
  const special = new Set(tokens.flatMap(({ id, special }) => special ? [id] : []));
  const decode = decoderOf(file.decoder, { vocabulary, special });
  return {
    ...(decode && { decode }),
    padId: padIdOf([padToken, file.padding?.pad_token, names.defaults.pad_token, "[PAD]", "<pad>"], vocabulary),
    vocabularySize: vocabulary.values().reduce((largest, id) => Math.max(largest, id), -1) + 1,
    specialIds: special,
    tokenTypes: { single: typesOf(layouts.single), pair: typesOf(layouts.pair) },
    encode: ([first, second], maxLength) => {
      const layout = second === undefined ? layouts.single : layouts.pair;
      const special = layout.reduce((sum, { ids }) => sum + (ids?.length ?? 0), 0);
      const room = maxLength - special;
      if (!(room >= 0)) {
        throw new RequestError(
          `Encoding a text: expected room for ${special} special tokens, got a maximum length of ${maxLength}.`,
        );
      }
      const texts = truncate([idsOf(first), second === undefined ? [] : idsOf(second)], { room, side });
      const encoding = assemble(layout, texts);
      return hasTypes ? encoding : { ...encoding, tokenTypeIds: encoding.ids.map(() => 0) };
    },
  };
}

function assemble(layout: readonly LayoutPart[], texts: readonly (readonly number[])[]): Encoding {
  const ids: number[] = [], tokenTypeIds: number[] = [];
  for (const part of layout) {
    for (const id of part.ids ?? texts[part.text!]!) {
      ids.push(id);
      tokenTypeIds.push(part.typeId);
    }
  }
  return { ids, tokenTypeIds };
}

function padIdOf(candidates: readonly (string | undefined)[], vocabulary: ReadonlyMap<string, number>): number {
  const names = candidates.filter((name) => name !== undefined);
  for (const name of names) {
    const id = vocabulary.get(name);
    if (id !== undefined) return id;
  }
  throw new Error(`expected a token for padding, got a vocabulary with none of ${[...new Set(names)].join(", ")}`);
}
