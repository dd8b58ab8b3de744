/**
 * Text files that others wrote: UTF-8, of a limited size, plain or gzipped.
 *
 * @module
 */
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { messageOf, RequestError } from "../errors.ts";
import { checkNoLfsPointer } from "./lfs_pointer.ts";

/**
 * The largest text that is read, in bytes and after decompression: 128 MiB. GLUE's largest file has 75 MB, the largest
 * `tokenizer.json` some 35 MB; a small file that unpacks to more is a mistake or an attack.
 */
export const MAX_TEXT_BYTES = 2 ** 27;

/** Limits of {@linkcode readTextFile}. */
export interface TextFileOptions {
  /** Size of the text, in bytes. @default {@linkcode MAX_TEXT_BYTES} */
  readonly maxBytes?: number;
}

/**
 * The text of a UTF-8 file without its byte order mark, decompressed if its name ends in `.gz`.
 *
 * @throws {RequestError} for a file that cannot be read, is too large, is truncated, or is neither gzip nor UTF-8 as its name
 *   says
 */
export async function readTextFile(
  path: string,
  { maxBytes = MAX_TEXT_BYTES }: TextFileOptions = {},
): Promise<string> {
  try {
    return await readText(path, maxBytes);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The same; `undefined` if there is no such file. */
export async function readTextFileIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readText(path, MAX_TEXT_BYTES);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw unreadable(path, error);
  }
}

async function readText(path: string, maxBytes: number): Promise<string> {
  const bytes = await readBytes(path, maxBytes);
  checkNoLfsPointer(bytes, path);
  const text = path.endsWith(".gz") ? await decompress(bytes, maxBytes) : bytes;
  return new TextDecoder("utf-8", { fatal: true }).decode(text);
}

const unreadable = (path: string, error: unknown): RequestError =>
  error instanceof RequestError
    ? error
    : new RequestError(`${path}: cannot be read: ${messageOf(error).replace(/\.$/, "")}.`);

/** The bytes of a file of at most `maxBytes`: anything else, such as a pipe, might never end. */
export async function readBytes(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const { isFile, size } = await Deno.stat(path);
  if (!isFile) throw new Error("expected a file");
  if (size > maxBytes) throw new Error(`expected at most ${maxBytes} bytes, got ${size}`);
  return await Deno.readFile(path);
}

// Reads all members of a file, as gzip does.
async function decompress(bytes: Uint8Array, maxOutputLength: number): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength });
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_BUFFER_TOO_LARGE") throw error;
    throw new Error(`expected at most ${maxOutputLength} bytes after decompression, got more`);
  }
}
