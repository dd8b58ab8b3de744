/**
 * Folders that a command's arguments mean.
 *
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Registry } from "../registry.ts";

/** The folder that a person's relative paths are meant from. */
export const userFolder = (): string => Deno.env.get("INIT_CWD") ?? Deno.cwd();

/** The folder of all runs: that of `--runs`, or `runs/` in the project. */
export const runsFolder = (named: string | undefined, { root }: Pick<Registry, "root">): string =>
  named === undefined ? fileURLToPath(new URL("runs", root)) : resolve(userFolder(), named);
