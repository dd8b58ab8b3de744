/**
 * Loading modules from outside the tree: fetched again, and without a trace in this project's lock file.
 *
 * @module
 */
import { externalProcess, runExternally } from "../execution/external_process.ts";
import { type ExternalModules, externalModules } from "../experiment/external_modules.ts";

/** What a command continues with, in this process; or the exit code of the process that ran it instead. */
export type Loaded = { readonly digests: ReadonlyMap<string, readonly string[]> } | { readonly code: number };

/** What a command is about to import. */
export interface LoadOptions {
  /** URLs of the modules. */
  readonly urls: readonly string[];
  readonly root: URL;
  /** Throws where a module is not the expected one: nothing is imported before it. */
  readonly check?: (url: string, modules: ExternalModules) => void;
}

/**
 * Finds what the modules of a command import from outside the tree. If there is anything, the same command runs again in
 * a process of its own, with a copy of the lock file.
 *
 * @param command the task of `deno.json` and its arguments
 */
export async function loadExternally(
  command: readonly [string, ...string[]],
  { urls, root, check = () => {} }: LoadOptions,
): Promise<Loaded> {
  const started = externalProcess();
  if (started) return { digests: new Map(Object.entries(started.digests)) };
  const modules = new Map<string, ExternalModules>();
  for (const url of new Set(urls)) modules.set(url, await externalModules(url, root));
  for (const [url, external] of modules) check(url, external);
  if ([...modules.values()].every(({ digests, origins }) => digests.length === 0 && origins.length === 0)) {
    return { digests: new Map([...modules].map(([url, { digests }]) => [url, digests])) };
  }
  return { code: await runExternally(command, { modules, root }) };
}
