/**
 * Extraction of Python wheels, and of zip archives inside them.
 *
 * @module
 */
import { MAX_TEXT_BYTES, messageOf, RequestError } from "@opf/framework";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
// @ts-types="npm:@types/yauzl@3.4.0"
import { openPromise, type ZipFile } from "yauzl";

/**
 * Extracts the entries of a wheel that `keep` maps to a path below `folder`, each checked against the wheel's RECORD.
 *
 * @throws {RequestError} for a file that is damaged or no wheel, and for a wheel that has none of the entries
 */
export function extractWheel(
  path: string,
  folder: string,
  keep: (entry: string) => string | undefined,
): Promise<void> {
  return orInvalid(
    `${path} is not a valid wheel`,
    async () => extract(path, folder, { keep, record: await readRecord(path) }),
  );
}

/**
 * Extracts the entries of a zip archive that `keep` maps to a path below `folder`, unchecked.
 *
 * @throws {RequestError} for a file that is damaged or no zip archive, and for one that has none of the entries
 */
export function extractArchive(
  path: string,
  folder: string,
  keep: (entry: string) => string | undefined,
): Promise<void> {
  return orInvalid(`${path} is not a valid zip archive`, () => extract(path, folder, { keep }));
}

async function orInvalid(problem: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(`${problem}: ${messageOf(error).replace(/\.+$/, "")}.`);
  }
}

/** What a wheel's RECORD says of a file. */
interface Recorded {
  /** In base64url. */
  readonly sha256: string;
  readonly size: number;
}

interface ExtractOptions {
  readonly keep: (entry: string) => string | undefined;
  /** By entry; without it, nothing is checked. */
  readonly record?: ReadonlyMap<string, Recorded>;
}

async function extract(path: string, folder: string, { keep, record }: ExtractOptions): Promise<void> {
  let count = 0;
  using zip = await open(path);
  for await (const entry of zip.file.eachEntry()) {
    const kept = entry.fileName.endsWith("/") ? undefined : keep(entry.fileName);
    if (kept === undefined) continue;
    const listed = record ? record.get(entry.fileName) : { size: entry.uncompressedSize, sha256: undefined };
    // The reader stops a file at the size that its entry states.
    if (entry.uncompressedSize !== listed?.size) {
      throw new Error(
        `${entry.fileName}: expected ${
          listed?.size ?? "no"
        } bytes by the wheel's RECORD, got ${entry.uncompressedSize}`,
      );
    }
    const target = join(folder, normalize(kept));
    await Deno.mkdir(dirname(target), { recursive: true });
    const hash = createHash("sha256");
    const hashed = new Transform({
      transform: (chunk, _encoding, callback) => {
        hash.update(chunk);
        callback(null, chunk);
      },
    });
    const mode = entry.externalFileAttributes >>> 16 & 0o111 ? 0o755 : 0o644;
    await pipeline(await zip.file.openReadStreamPromise(entry), hashed, createWriteStream(target, { mode }));
    const actual = hash.digest("base64url");
    if (![undefined, actual].includes(listed.sha256)) {
      throw new Error(`${entry.fileName} does not match the wheel's RECORD: expected ${listed.sha256}, got ${actual}`);
    }
    count++;
  }
  if (count === 0) throw new RequestError(`${path} has none of the requested files.`);
}

// Lines of `path,sha256=<base64url>,size`; a path with a comma is quoted.
async function readRecord(path: string): Promise<Map<string, Recorded>> {
  using zip = await open(path);
  for await (const entry of zip.file.eachEntry()) {
    if (!/^[^/]+\.dist-info\/RECORD$/.test(entry.fileName)) continue;
    if (entry.uncompressedSize > MAX_TEXT_BYTES) {
      throw new Error(`${entry.fileName}: expected at most ${MAX_TEXT_BYTES} bytes, got ${entry.uncompressedSize}`);
    }
    const bytes = Buffer.concat(await Array.fromAsync(await zip.file.openReadStreamPromise(entry)));
    const lines = bytes.toString().matchAll(/^(?:"((?:[^"]|"")+)"|([^,\n]+)),sha256=([\w-]+),(\d+)/gm);
    return new Map(
      Array.from(lines, ([, quoted, plain, sha256, size]) => [
        quoted?.replaceAll('""', '"') ?? plain!,
        { sha256: sha256!, size: Number(size) },
      ]),
    );
  }
  throw new Error("it has no RECORD");
}

async function open(path: string): Promise<{ file: ZipFile } & Disposable> {
  const file = await openPromise(path, { autoClose: false });
  return { file, [Symbol.dispose]: () => file.close() };
}
