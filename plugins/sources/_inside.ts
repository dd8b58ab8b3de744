/**
 * Names of files inside a repository.
 *
 * @module
 */
import { exists } from "@opf/framework";
import { join } from "node:path";

/**
 * Refuses a name that leads out of its repository: names may come from untrusted files.
 *
 * @throws {Error} for an absolute name, or one with `..`
 */
export function checkName(name: string): void {
  const parts = name.split(/[/\\]/);
  if (name === "" || parts.includes("..") || parts[0] === "" || /^[a-z]:/i.test(name)) {
    throw new Error(`Opening ${JSON.stringify(name)}: expected a name inside the repository.`);
  }
}

/** The path of a file in a folder, or `undefined` if the folder has no such file. */
export async function fileIn(folder: string, name: string): Promise<string | undefined> {
  checkName(name);
  const path = join(folder, name);
  return await exists(path) ? path : undefined;
}
