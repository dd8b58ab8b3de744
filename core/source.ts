/**
 * Where weights, tokenizers and data come from.
 *
 * @module
 */
import type { Json } from "./json.ts";

/** A model or a dataset by its name on the Hugging Face hub, or a folder. */
export interface RepositoryName {
  readonly kind: "model" | "dataset";
  /** `sentence-transformers/all-MiniLM-L6-v2`, or the path of a folder. */
  readonly id: string;
  /** A commit, tag or branch. @default the one pinned by the source, else `main` */
  readonly revision?: string;
}

/** A repository that a source has: its files can be had. */
export interface Repository {
  /** What was found where (source, revision or version, checksums): stored with the result. */
  readonly origin: Json;
  /** The local path of a file of the repository, fetched and checked if need be; nothing where it has no such file. */
  file(name: string): Promise<string | undefined>;
}

/**
 * A place that may have models or datasets. Sources are asked in turn; the first that has the repository gives it.
 */
export interface Source {
  readonly name: string;
  readonly options: Json;
  /** The repository, or why this source does not have it, in a few words ("no such folder"). */
  open(name: RepositoryName): Promise<Repository | { readonly missing: string }>;
  /** Whether the source answers, in a few words for `deno task doctor`. */
  check(signal: AbortSignal): Promise<{ readonly answers: boolean; readonly detail: string }>;
}
