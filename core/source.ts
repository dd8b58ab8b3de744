/**
 * Sources of weights, tokenizers and data.
 *
 * @module
 */
import { NotFoundError } from "./errors.ts";
import type { Json } from "./json.ts";

/** A model or dataset, by its name on the Hugging Face hub or its folder. */
export interface RepositoryName {
  readonly kind: "model" | "dataset";
  /** `sentence-transformers/all-MiniLM-L6-v2`, or the path of a folder. */
  readonly id: string;
  /** A commit, tag or branch. @default the one pinned by the source, else `main` */
  readonly revision?: string;
}

/** A repository of a source. */
export interface Repository {
  /** Where it comes from (source, revision or version, checksums): stored with the result. */
  readonly origin: Json;
  /** The local path of a file, downloaded and verified if necessary, or `undefined` if the repository has no such file. */
  file(name: string): Promise<string | undefined>;
}

/**
 * A place that may hold models or datasets. Sources are tried in order; the first that has the repository provides it.
 */
export interface Source {
  readonly name: string;
  readonly options: Json;
  /** Opens a repository, or says briefly why this source does not have it ("no such folder"). */
  open(name: RepositoryName): Promise<Repository | { readonly missing: string }>;
  /** Whether the source responds, with a short detail for `deno task doctor`. */
  check(signal: AbortSignal): Promise<{ readonly answers: boolean; readonly detail: string }>;
}

/** What {@linkcode fromFirstSource} looks for. */
export interface LookUp<T> {
  readonly name: RepositoryName;
  /** What the repository provides, or what it lacks ("it has no rte/train"). */
  readonly read: (
    repository: Repository,
  ) => T | { readonly missing: string } | Promise<T | { readonly missing: string }>;
  /** Begins the error: `The model "x" was not found`. */
  readonly what: string;
}

/**
 * Tries sources in order, and gives what the first one provides that has all of it.
 *
 * @throws {NotFoundError} if none has; it says what each of them lacks
 */
export async function fromFirstSource<T extends object>(
  sources: readonly Source[],
  { name, read, what }: LookUp<T>,
): Promise<T> {
  const tried: string[] = [];
  for (const source of sources) {
    const repository = await source.open(name);
    const provided = "missing" in repository ? repository : await read(repository);
    if (!("missing" in provided)) return provided;
    tried.push(`${source.name}: ${provided.missing}`);
  }
  throw new NotFoundError(`${what}. Tried ${tried.join("; ") || "no source"}.`);
}
