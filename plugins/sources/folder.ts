/**
 * Local folders as a source.
 *
 * @module
 */
import type { Source } from "@opf/framework";
import { resolve } from "node:path";
import { fileIn } from "./_inside.ts";

/**
 * Models and datasets in local folders: the name is a path, absolute or relative to the current folder.
 *
 * @example
 * ```ts
 * import { folder } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const found = await folder().open({ kind: "model", id: "sentence-transformers/all-MiniLM-L6-v2" });
 * assertEquals(found, { missing: "no such folder" });
 * ```
 */
export function folder(): Source {
  return {
    name: "folder",
    options: {},
    open: async ({ id }) => {
      const path = resolve(id);
      if (!await isFolder(path)) return { missing: "no such folder" };
      return { origin: { source: "folder", path }, file: (name) => fileIn(path, name) };
    },
    check: () => Promise.resolve({ answers: true, detail: "folders are read in place" }),
  };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
