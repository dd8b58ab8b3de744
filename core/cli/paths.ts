/**
 * Paths that a user names.
 *
 * @module
 */
import { isFolder } from "../io/cache.ts";
import { isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Registry } from "../registry.ts";

/** The folder that a user's relative paths start from. */
export const userFolder = (): string => Deno.env.get("INIT_CWD") ?? Deno.cwd();

/** The absolute path of what a user names. */
export const userPath = (path: string): string => resolve(userFolder(), path);

/** The folder of all runs: that of `--runs`, or `runs/` in the project. */
export const runsFolder = (path: string | undefined, { root }: Pick<Registry, "root">): string =>
  path === undefined ? fileURLToPath(new URL("runs", root)) : userPath(path);

/** What a user calls a model: the absolute path of a folder that is there, else a name on the hub. */
export async function modelPath(name: string): Promise<string> {
  const path = userPath(name);
  return name.startsWith(".") || isAbsolute(name) || await isFolder(path) ? path : name;
}
