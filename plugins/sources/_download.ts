/**
 * One file of the Hugging Face hub into its cache: resumed where it was broken off, checked, and linked.
 *
 * @module
 */
import { exists, locked, messageOf, RequestError } from "@opf/framework";
import { createHash } from "node:crypto";
import { basename, dirname, join, relative } from "node:path";
import { megabytes } from "../_wheels.ts";

/** A file to be fetched. */
export interface BlobRequest {
  readonly url: string;
  /** What the hub calls it by: the SHA-256 of a large file (64 digits), the git object of a small one (40 digits). */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** For messages: `config.json of org/name`. */
  readonly what: string;
  readonly note: (message: string) => void;
  readonly fetch: typeof fetch;
  /** The repository's folder in the cache. */
  readonly place: string;
  /** Where the file is to be found. */
  readonly pointer: string;
}

const ATTEMPTS = 4;
const NOTE_EVERY = 5_000; // ms
const SILENCE = 30_000; // ms without a byte: the connection is given up, and taken up again

/**
 * Fetches a file unless the cache has its content, and links it to where it belongs.
 *
 * @throws {RequestError} where it cannot be had whole, or is not what the hub says: such a file is not kept
 */
export async function fetchBlob(request: BlobRequest): Promise<void> {
  const { place, digest, pointer, note } = request;
  if (!/^[\w-]+$/.test(digest)) throw new RequestError(`Fetching ${request.what}: the hub gives no digest for it.`);
  const blob = join(place, "blobs", digest);
  await Deno.mkdir(dirname(blob), { recursive: true });
  await locked(join(dirname(place), ".locks", basename(place), `${digest}.lock`), async () => {
    if (!await exists(blob)) {
      const incomplete = `${blob}.incomplete`;
      await download(request, incomplete);
      await Deno.rename(incomplete, blob);
    }
    await link(blob, pointer);
  }, { note });
}

async function download(request: BlobRequest, path: string): Promise<void> {
  const { size, what, note } = request;
  note(`Fetching ${what} (${megabytes(size)}).`);
  for (let attempt = 1;; attempt++) {
    const begin = await sizeOf(path);
    try {
      if (begin < size || size === 0) await append(request, path, begin);
    } catch (error) {
      if (attempt === ATTEMPTS || error instanceof RequestError) {
        throw new RequestError(
          `Fetching ${what} failed after ${await sizeOf(path)} of ${size} bytes: ${reasonOf(error)}`,
        );
      }
      continue; // from where it broke off
    }
    const found = await sizeOf(path);
    if (found < size && attempt < ATTEMPTS) continue;
    const wrong = found === size ? await wrongDigest(request, path) : `${size} bytes wanted, ${found} found`;
    if (!wrong) return;
    await Deno.remove(path);
    // A part that was there before may be to blame, but what was fetched in one go is the hub's.
    if (begin === 0 || attempt === ATTEMPTS) {
      throw new RequestError(`Fetching ${what}: what came is not what the hub names: ${wrong}. It was not kept.`);
    }
  }
}

async function append({ url, size, what, note, fetch }: BlobRequest, path: string, begin: number): Promise<void> {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error(`nothing came for ${SILENCE / 1000} s`)), SILENCE);
  };
  const headers = { "accept-encoding": "identity", ...(begin > 0 && { range: `bytes=${begin}-` }) };
  heard();
  try {
    const response = await fetch(url, { headers, signal: silence.signal });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      const again = response.status >= 500 || response.status === 429;
      throw new (again ? Error : RequestError)(`the hub answers with status ${response.status}`);
    }
    const resumed = response.status === 206;
    using file = await Deno.open(path, { create: true, write: true, append: resumed, truncate: !resumed });
    let done = resumed ? begin : 0;
    let told = Date.now();
    for await (const piece of response.body) {
      heard();
      for (let offset = 0; offset < piece.length;) offset += await file.write(piece.subarray(offset));
      done += piece.length;
      if (Date.now() - told < NOTE_EVERY) continue;
      told = Date.now();
      note(`Fetching ${what}: ${megabytes(done)} of ${megabytes(size)}.`);
    }
  } finally {
    clearTimeout(timer);
  }
}

async function wrongDigest({ digest, size }: BlobRequest, path: string): Promise<string | undefined> {
  const git = digest.length === 40;
  const hash = createHash(git ? "sha1" : "sha256");
  if (git) hash.update(`blob ${size}\0`);
  using file = await Deno.open(path);
  for await (const piece of file.readable) hash.update(piece);
  const found = hash.digest("hex");
  return found === digest ? undefined : `${git ? "git object" : "sha256"} ${digest} wanted, ${found} found`;
}

async function sizeOf(path: string): Promise<number> {
  return await exists(path) ? (await Deno.stat(path)).size : 0;
}

// The cache's layout: a link into `blobs`; the file itself where links are not to be had.
async function link(blob: string, pointer: string): Promise<void> {
  await Deno.mkdir(dirname(pointer), { recursive: true });
  try {
    await Deno.symlink(relative(dirname(pointer), blob), pointer);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    await Deno.rename(blob, pointer);
  }
}

/** Why a request failed, in the words of what lies beneath `fetch`. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return messageOf(cause).replace(/^error sending request.*client error \(\w+\): /, "");
}
