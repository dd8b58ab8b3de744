/**
 * A model whose files are found.
 *
 * @module
 */
import { sha256OfFile } from "../io/cache.ts";
import { readTextFile } from "../io/text_file.ts";
import type { Json } from "../json.ts";
import type { LanguageModel } from "../model/model.ts";
import { readConfig } from "../model/pretrained.ts";
import { loadTokenizer, tokenizerFiles as tokenizerFileNames } from "../model/pretrained_tokenizer.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import { NO_WEIGHTS, openWeights, type WeightsFile } from "../model/weights_file.ts";
import { modelFor, type Registry } from "../registry.ts";
import { digest } from "../results/result.ts";
import { fromFirstSource, type Repository } from "../source.ts";
import { type BaseCard, readBaseCard } from "./model_card.ts";

/** A file of a repository, and where it lies. */
export interface RepositoryFile {
  readonly name: string;
  readonly path: string;
}

/** A model whose files are found. */
export interface FoundModel {
  /** Its name in tables. */
  readonly name: string;
  readonly plugin: LanguageModel;
  readonly repository: Repository;
  readonly config: { readonly [key: string]: Json };
  readonly tokenizer: Tokenizer;
  /** The files that the tokenizer was made from. */
  readonly tokenizerFiles: readonly RepositoryFile[];
  /** What its card says. */
  readonly base: BaseCard;
  readonly weights: WeightsFile;
  readonly digests: { readonly weights: string; readonly config: string; readonly tokenizer: string };
}

/** Finds a model's files, by its name or as its plugin says. */
export async function findModel(
  model: string | LanguageModel,
  { sources, plugins }: Pick<Registry, "sources" | "plugins">,
): Promise<FoundModel> {
  const source = typeof model === "string" ? model : model.source;
  const revision = typeof model === "string" ? undefined : model.revision;
  const name = { kind: "model", id: source, ...(revision !== undefined && { revision }) } as const;
  const repository = await fromFirstSource(sources, {
    name,
    read: (repository) => repository,
    what: `The model "${source}" was not found`,
  });
  const config = await readConfig(repository);
  const plugin = typeof model === "string" ? modelFor(config.model_type, { source, plugins }) : model;
  const weights = plugin.untrained ? NO_WEIGHTS : await openWeights(repository);
  const tokenizerOptions = { tokenizerClass: plugin.tokenizer };
  const tokenizer = await loadTokenizer(repository, tokenizerOptions);
  const tokenizerFiles = await filesOf(repository, await tokenizerFileNames(repository, tokenizerOptions));
  const card = await repository.file("README.md");
  return {
    name: nameOf(plugin),
    plugin,
    repository,
    config,
    tokenizer,
    tokenizerFiles,
    base: card === undefined ? {} : readBaseCard(await readTextFile(card).catch(() => "")),
    weights,
    digests: {
      weights: weights.digest,
      config: await digest(config),
      tokenizer: await digest(await Promise.all(tokenizerFiles.map(({ path }) => sha256OfFile(path)))),
    },
  };
}

/** A model's name in tables. */
export const nameOf = ({ title, source }: LanguageModel): string => title ?? source;

// Those of these files that a repository has.
async function filesOf(repository: Repository, names: readonly string[]): Promise<RepositoryFile[]> {
  const files = await Promise.all(names.map(async (name) => ({ name, path: await repository.file(name) })));
  return files.flatMap(({ name, path }) => path === undefined ? [] : [{ name, path }]);
}
