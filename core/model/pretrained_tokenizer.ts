/**
 * The tokenizer of a repository, as Transformers' fast tokenizers read its files.
 *
 * @module
 */
import type { z } from "zod";
import { messageOf, RequestError } from "../errors.ts";
import { describeIssue, readJsonObject, shortJson } from "../io/json_file.ts";
import { readTextFile } from "../io/text_file.ts";
import type { Repository } from "../source.ts";
import type { Tokenizer, TokenizerClass } from "./tokenizer.ts";
import { configSchema, fileSchema, GENERIC_CLASSES, isGeneric, tokenizerOf } from "./tokenizer/assembly.ts";
import { addedTokensSchema, specialTokensSchema } from "./tokenizer/special_tokens.ts";

/** Options of {@linkcode loadTokenizer}. */
export interface LoadTokenizerOptions {
  /** The model's own. @default a tokenizer that `tokenizer.json` describes completely */
  readonly tokenizerClass?: TokenizerClass | undefined;
}

// What a tokenizer.json may be made from.
const CONVERTIBLE = {
  "spiece.model": "the SentencePiece model ",
  "sentencepiece.bpe.model": "the SentencePiece model ",
  "tokenizer.model": "the SentencePiece model ",
  "vocab.txt": "",
};
const CONFIG = "tokenizer_config.json";
const SPECIAL_TOKENS_MAP = "special_tokens_map.json";
const ADDED_TOKENS = "added_tokens.json";

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
  for (const [name, kind] of Object.entries(CONVERTIBLE)) {
    if (await repository.file(name) === undefined) continue;
    throw new RequestError(
      `The tokenizer of ${origin} is only ${kind}${name}: write its tokenizer.json with Transformers, ` +
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
