/**
 * Texts as token ids, as Transformers' fast tokenizers give them.
 *
 * @module
 */
import { z } from "zod";
import { messageOf, RequestError } from "../errors.ts";
import { describeIssue, optional, readJsonObject, shortJson } from "../io/json_file.ts";
import { readTextFile } from "../io/text_file.ts";
import type { Repository } from "../source.ts";
import { addedTokenSplitter } from "./tokenizer/added_tokens.ts";
import { decoderOf } from "./tokenizer/decoder.ts";
import { modelOf, modelSchema } from "./tokenizer/models.ts";
import { normalizerOf, normalizerSchema } from "./tokenizer/normalizers.ts";
import { type LayoutPart, layoutsOf, postProcessorSchema } from "./tokenizer/post_processors.ts";
import { preTokenizerOf, preTokenizerSchema } from "./tokenizer/pre_tokenizers.ts";
import { addedTokenSchema, addedTokensOf, addedTokensSchema, specialTokensSchema } from "./tokenizer/special_tokens.ts";
import { truncate, type TruncationSide } from "./tokenizer/truncation.ts";

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
  /** What stands for `tokenizer.json` where a repository lacks it. @default nothing */
  readonly older?: {
    readonly files: readonly string[];
    /** What `tokenizer.json` would hold, from the texts of these files. */
    read(texts: readonly string[], config: JsonObject): JsonObject;
  };
  /** The contents of `tokenizer.json` with the class's own settings of `tokenizer_config.json` applied. */
  configure?(json: JsonObject, config: JsonObject): JsonObject;
}

/** Options of {@linkcode loadTokenizer}. */
export interface LoadTokenizerOptions {
  /** The model's own. @default a tokenizer that `tokenizer.json` describes completely */
  readonly tokenizerClass?: TokenizerClass | undefined;
}

// Classes of Transformers that follow tokenizer.json alone.
const GENERIC_CLASSES = ["PreTrainedTokenizerFast", "TokenizersBackend"];
const isGeneric = (name: string | undefined) => name !== undefined && GENERIC_CLASSES.includes(name);
const SENTENCE_PIECE = ["spiece.model", "sentencepiece.bpe.model", "tokenizer.model"];
const CONFIG = "tokenizer_config.json";
const SPECIAL_TOKENS_MAP = "special_tokens_map.json";
const ADDED_TOKENS = "added_tokens.json";

const direction = z.object({ direction: z.enum(["Left", "Right"]).default("Right") });
const fileSchema = z.object({
  truncation: direction.nullish(),
  padding: direction.extend({ pad_token: z.string().optional() }).nullish(),
  added_tokens: z.array(addedTokenSchema).default([]),
  normalizer: normalizerSchema.nullish(),
  pre_tokenizer: preTokenizerSchema.nullish(),
  post_processor: postProcessorSchema.nullish(),
  decoder: z.unknown().optional(),
  model: modelSchema,
});
const configSchema = specialTokensSchema.extend({
  tokenizer_class: optional(z.string()),
  truncation_side: optional(z.enum(["left", "right"])),
  padding_side: optional(z.literal("right", 'expected "right": padding on the left is not supported')),
  split_special_tokens: z.literal(false, "expected false: splitting special tokens is not supported").nullish(),
  model_input_names: optional(z.array(z.string())),
});

/**
 * The tokenizer of a repository: `tokenizer.json`, or the older files of the model's class, with `tokenizer_config.json`,
 * `special_tokens_map.json` and `added_tokens.json` where they exist. Every component was compared with the Rust library;
 * another is refused. Lengths that these files set are not used: the caller limits the length of an example.
 *
 * On the code points of Unicode 7.0 (2014), normalizers and pre-tokenizers were compared with it one by one. On later ones
 * they differ in some hundred that are younger than its tables: marks and punctuation since 2015, compatibility characters
 * since 2019.
 *
 * @throws {RequestError} for a file that is missing, broken or contradicts another, and a component that is not supported
 */
export async function loadTokenizer(
  repository: Repository,
  { tokenizerClass }: LoadTokenizerOptions = {},
): Promise<Tokenizer> {
  const paths = await findFiles(repository, tokenizerClass);
  const read = async <Schema extends z.ZodType>(name: string, schema: Schema) => {
    const path = await repository.file(name);
    return path === undefined ? undefined : check(await readJsonObject(path), { schema, path });
  };
  const configPath = await repository.file(CONFIG) ?? CONFIG;
  const rawConfig = await repository.file(CONFIG) === undefined ? {} : await readJsonObject(configPath);
  const config = check(rawConfig, { schema: configSchema, path: configPath });
  const classNames = [...GENERIC_CLASSES, ...tokenizerClass?.names ?? []];
  if (config.tokenizer_class !== undefined && !classNames.includes(config.tokenizer_class)) {
    throw new RequestError(
      `${configPath}: "tokenizer_class": expected ${classNames.join(" or ")}, got ${
        shortJson(config.tokenizer_class)
      }, which is not supported.`,
    );
  }
  const ownClass = isGeneric(config.tokenizer_class) ? undefined : tokenizerClass;
  const path = paths.join(" with ");
  const [map, added] = [
    await read(SPECIAL_TOKENS_MAP, specialTokensSchema),
    await read(ADDED_TOKENS, addedTokensSchema),
  ];
  try {
    const json = paths[0]!.endsWith("tokenizer.json")
      ? await readJsonObject(path)
      : tokenizerClass!.older!.read(await Promise.all(paths.map((file) => readTextFile(file))), {
        ...rawConfig,
        ...!config.added_tokens_decoder && map,
      });
    const file = check(ownClass?.configure?.(json, rawConfig) ?? json, { schema: fileSchema, path });
    return tokenizerOf(file, {
      config,
      defaults: ownClass?.specialTokens ?? {},
      ...(map && { map }),
      ...(added && { added }),
    });
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(`${path}: ${messageOf(error).replaceAll("\n", "\\n")}.`); // of a token
  }
}

/** The names of a repository's files that its tokenizer is made from. */
export async function tokenizerFiles(
  repository: Repository,
  { tokenizerClass }: LoadTokenizerOptions = {},
): Promise<string[]> {
  const names = await repository.file("tokenizer.json") === undefined
    ? tokenizerClass?.older?.files ?? []
    : ["tokenizer.json"];
  const others = await Promise.all(
    [CONFIG, SPECIAL_TOKENS_MAP, ADDED_TOKENS].map(async (name) => await repository.file(name) ? [name] : []),
  );
  return [...names, ...others.flat()];
}

/** Paths of `tokenizer.json`, or of the files that stand for it. */
async function findFiles(repository: Repository, tokenizerClass: TokenizerClass | undefined): Promise<string[]> {
  const path = await repository.file("tokenizer.json");
  if (path !== undefined) return [path];
  const older = tokenizerClass?.older?.files ?? [];
  const paths = (await Promise.all(older.map((name) => repository.file(name)))).filter((path) => path !== undefined);
  if (older.length > 0 && paths.length === older.length) return paths;
  const origin = JSON.stringify(repository.origin);
  for (const name of SENTENCE_PIECE) {
    if (await repository.file(name) === undefined) continue;
    throw new RequestError(
      `The tokenizer of ${origin} is only the SentencePiece model ${name}: write its tokenizer.json with Transformers, ` +
        "`AutoTokenizer.from_pretrained(folder).save_pretrained(folder)`.",
    );
  }
  const alternatives = older.length > 0 ? ` and no ${older.join(" with ")}` : "";
  throw new RequestError(`The model has no tokenizer: there is no tokenizer.json${alternatives} in ${origin}.`);
}

function check<Schema extends z.ZodType>(
  value: unknown,
  { schema, path }: { readonly schema: Schema; readonly path: string },
): z.output<Schema> {
  const { data, error } = schema.safeParse(value);
  if (error) throw new RequestError(`${path}: ${describeIssue(error, value)}.`);
  return data;
}

interface TokenizerOptions {
  readonly config: z.output<typeof configSchema>;
  readonly defaults: { readonly [attribute: string]: string };
  readonly map?: z.output<typeof specialTokensSchema>;
  readonly added?: z.output<typeof addedTokensSchema>;
}

function tokenizerOf(file: z.output<typeof fileSchema>, { config, ...names }: TokenizerOptions): Tokenizer {
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
