/**
 * Local folders as a source.
 *
 * @module
 */
import { isFolder, type Source } from "@opf/framework";
import { resolve } from "node:path";
import { fileIn } from "./_inside.ts";

/** Options of {@linkcode folder}. */
export interface FolderOptions {
  /** The folder that relative paths start from. @default the current folder */
  readonly base?: string | undefined;
}

/**
 * Models and datasets in local folders: the name is a path.
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
export function folder({ base = "." }: FolderOptions = {}): Source {
  return {
    name: "folder",
    options: {},
    open: async ({ id }) => {
      const path = resolve(base, id);
      if (!await isFolder(path)) return { missing: "no such folder" };
      return { origin: { source: "folder", path }, file: (name) => fileIn(path, name) };
    },
    check: () => Promise.resolve({ answers: true, detail: "folders are read in place" }),
  };
}
