/**
 * Files that are whole or not there, whenever a process is killed or a machine loses its power.
 *
 * @module
 */
import { basename, dirname } from "node:path";

const UNFINISHED = /\.[0-9a-f-]{36}\.tmp$/;

/**
 * Writes a file under a temporary name beside it, and gives it its name when all of it is on the disk. When this returns,
 * the name is on the disk too.
 */
export async function writeFileAtomic(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    {
      using file = await Deno.open(temporary, { write: true, createNew: true });
      for (const bytes of parts) {
        for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      }
      await file.sync();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Removes the temporary files of killed writers from a folder; no process may be writing there. */
export async function removeStaleTempFiles(folder: string, { of }: { of?: string } = {}): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (UNFINISHED.test(name) && (of === undefined || name.startsWith(`${of}.`))) {
        await Deno.remove(`${folder}/${name}`);
      }
    }
  } catch (error) {
    const { NotFound, NotADirectory } = Deno.errors;
    if (!(error instanceof NotFound || error instanceof NotADirectory)) throw error;
  }
}

/** The same for one file, where others may be writing beside it. */
export const removeStaleTempFilesOf = (path: string): Promise<void> =>
  removeStaleTempFiles(dirname(path), { of: basename(path) });

// A name is on the disk when its folder is. Windows opens no folders, and needs none.
async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path);
  await folder.sync();
}
