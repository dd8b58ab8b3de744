/**
 * The limit of a folder of files that can be made again.
 *
 * @module
 */
import { join } from "node:path";

const MAX_WRITING_MS = 3_600_000; // an older temporary file is that of a killed process

/**
 * Removes the files of a folder that were not used for longest, by their time of modification, until the others have no more
 * bytes than allowed; also temporary files (`*.tmp`) of an hour ago. Other processes may do the same beside this one.
 *
 * @param options `keep`: the name of a file that stays, however large
 *
 * @example
 * ```ts
 * import { removeOldest } from "@opf/framework";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/new`, "text");
 * removeOldest(folder, { maxBytes: 4e9, keep: "new" });
 * ```
 */
export function removeOldest(
  folder: string,
  { maxBytes, keep }: { readonly maxBytes: number; readonly keep: string },
): void {
  const files = [...Deno.readDirSync(folder)].flatMap(({ name }) => {
    const path = join(folder, name), stat = unlessGone(() => Deno.statSync(path));
    return stat?.isFile ? [{ path, size: stat.size, used: name === keep ? Infinity : +stat.mtime! }] : [];
  });
  let total = 0;
  for (const { path, size, used } of files.sort((a, b) => b.used - a.used)) {
    total += size;
    const isStale = path.endsWith(".tmp") && Date.now() - used > MAX_WRITING_MS;
    if (isStale || total > maxBytes && used < Infinity) unlessGone(() => Deno.removeSync(path));
  }
}

// Another process may have removed the file; on a read-only disk nothing is removed.
function unlessGone<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}
