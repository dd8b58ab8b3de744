/**
 * The modules outside this tree that an experiment or a plugin imports.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { sha256OfFile } from "../io/cache.ts";
import { moduleError } from "./module.ts";

/** Modules outside the tree that one module needs, except itself. */
export interface ExternalModules {
  /** Their sha256, sorted: part of the id of every run that uses them. */
  readonly digests: readonly string[];
  /** Hosts that some of them, or the module itself, came from. */
  readonly origins: readonly string[];
}

/**
 * Lists them by Deno's own module graph, in a process that takes a moment: once per module. What comes from other hosts is
 * fetched again, and nothing is run. Packages (`npm:`, `jsr:`) are identified by the versions in their specifiers.
 *
 * @throws {RequestError} if a module of the graph is missing or cannot be parsed
 */
export async function externalModules(url: string, root: URL): Promise<ExternalModules> {
  const modules = await moduleGraph(url, { root, reload: [] });
  const origins = originsOf(modules);
  const fresh = origins.length > 0 ? await moduleGraph(url, { root, reload: origins }) : modules;
  const external = fresh.filter(({ specifier }) =>
    /^(file|https?):/.test(specifier) && !specifier.startsWith(root.href) && specifier !== url
  );
  return {
    digests: (await Promise.all(external.flatMap(({ local }) => local ? [sha256OfFile(local)] : []))).sort(),
    origins: originsOf(fresh),
  };
}

interface Module {
  readonly specifier: string;
  /** Its file, or the copy in Deno's cache. */
  readonly local?: string;
  readonly error?: string;
}

const originsOf = (modules: readonly Module[]): string[] => [
  ...new Set(modules.flatMap(({ specifier }) => /^https?:/.test(specifier) ? [new URL(specifier).origin] : [])),
];

async function moduleGraph(
  url: string,
  { root, reload }: { readonly root: URL; readonly reload: readonly string[] },
): Promise<readonly Module[]> {
  const config = fileURLToPath(new URL("deno.json", root));
  const flags = ["--json", "--no-lock", "--allow-import", "--config", config];
  const args = ["info", ...flags, ...reload.length > 0 ? [`--reload=${reload}`] : [], url];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  if (!success) throw moduleError(url, { message: new TextDecoder().decode(stderr).trim() });
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: readonly Module[] };
  for (const { specifier, error } of modules) {
    if (error !== undefined) throw moduleError(url, { specifier, message: error });
  }
  return modules;
}
