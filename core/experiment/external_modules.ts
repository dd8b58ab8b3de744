/**
 * What an experiment's module imports from outside this tree.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { sha256OfFile } from "../io/cache.ts";
import { RequestError } from "../errors.ts";

/** Environment variable of a process that works on a copy of the lock file, and of its workers: the path of the copy. */
export const LOCK_COPY = "OPF_LOCK_COPY";

/** Modules outside the tree that one module needs, itself left out. */
export interface OutsideModules {
  /** Their sha256, sorted: part of the id of every run that uses them. */
  readonly digests: readonly string[];
  /** Hosts that some of them came from. */
  readonly origins: readonly string[];
}

/** Lists them by Deno's own module graph; packages (`npm:`, `jsr:`) go by their versions in the specifier. */
export async function outsideModules(url: string, root: URL): Promise<OutsideModules> {
  const args = [
    "info",
    "--json",
    "--no-lock",
    "--allow-import",
    "--config",
    fileURLToPath(new URL("deno.json", root)),
    url,
  ];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  if (!success) throw new RequestError(`${url} cannot be loaded: ${new TextDecoder().decode(stderr).trim()}`);
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    modules: { specifier: string; local?: string; error?: string }[];
  };
  const outside = modules.filter(({ specifier }) =>
    /^(file|https?):/.test(specifier) && !specifier.startsWith(root.href) && specifier !== url
  );
  for (const { specifier, error } of modules) {
    if (error) throw new RequestError(`${url} cannot be loaded: ${specifier}: ${error}`);
  }
  const remote = [...outside.map(({ specifier }) => specifier), url].filter((specifier) => /^https?:/.test(specifier));
  return {
    digests: (await Promise.all(outside.flatMap(({ local }) => local ? [sha256OfFile(local)] : []))).sort(),
    origins: [...new Set(remote.map((specifier) => new URL(specifier).origin))],
  };
}
