/**
 * Downloads one file of the Hugging Face hub into its cache: resumable, verified, and linked.
 *
 * @module
 */
import { exists, locked, messageOf, RequestError } from "@opf/framework";
import { createHash } from "node:crypto";
import { basename, dirname, join, relative } from "node:path";
import { megabytes } from "../_wheels.ts";

/** A file to download. */
export interface BlobRequest {
  readonly url: string;
  /** The etag of the hub: the SHA-256 of a large file (64 digits), the git object id of a small one (40 digits). */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** For messages: `config.json of org/name`. */
  readonly what: string;
  readonly note: (message: string) => void;
  readonly fetch: typeof fetch;
  /** The repository's folder in the cache. */
  readonly cache: string;
  /** Path under which the file is looked up. */
  readonly pointer: string;
}

const ATTEMPTS = 4;
const NOTE_EVERY = 5_000; // ms
const STALL_TIMEOUT = 30_000; // ms without a byte before the connection is retried

/**
 * Downloads a file unless the cache has its content, and links it to its place.
 *
 * @throws {RequestError} if the download is incomplete or does not match the digest; such a file is not kept
 */
export async function fetchBlob(request: BlobRequest): Promise<void> {
  const { cache, digest, pointer, note } = request;
  if (!/^[\w-]+$/.test(digest)) throw new RequestError(`Fetching ${request.what}: the hub sent no digest.`);
  const blob = join(cache, "blobs", digest);
  await Deno.mkdir(dirname(blob), { recursive: true });
  await locked(join(dirname(cache), ".locks", basename(cache), `${digest}.lock`), async () => {
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
    const offset = await sizeOf(path);
    try {
      if (offset < size || size === 0) await append(request, path, offset);
    } catch (error) {
      if (attempt === ATTEMPTS || error instanceof RequestError) {
        throw new RequestError(
          `Fetching ${what} failed after ${await sizeOf(path)} of ${size} bytes: ${reasonOf(error)}`,
        );
      }
      continue; // resumes from the bytes on disk
    }
    const received = await sizeOf(path);
    if (received < size && attempt < ATTEMPTS) continue;
    const mismatch = received === size
      ? await digestMismatch(request, path)
      : `expected ${size} bytes, got ${received}`;
    if (!mismatch) return;
    await Deno.remove(path);
    // A partial file from an earlier attempt may be damaged; a download in one go is what the hub sent.
    if (offset === 0 || attempt === ATTEMPTS) {
      throw new RequestError(`Fetching ${what}: the download does not match: ${mismatch}. It was discarded.`);
    }
  }
}

async function append({ url, size, what, note, fetch }: BlobRequest, path: string, offset: number): Promise<void> {
  const stalled = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const restartTimer = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => stalled.abort(new Error(`no data for ${STALL_TIMEOUT / 1000} s`)),
      STALL_TIMEOUT,
    );
  };
  const headers = { "accept-encoding": "identity", ...(offset > 0 && { range: `bytes=${offset}-` }) };
  restartTimer();
  try {
    const response = await fetch(url, { headers, signal: stalled.signal });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      const isTransient = response.status >= 500 || response.status === 429;
      throw new (isTransient ? Error : RequestError)(`the hub responded with status ${response.status}`);
    }
    const resumed = response.status === 206;
    using file = await Deno.open(path, { create: true, write: true, append: resumed, truncate: !resumed });
    let received = resumed ? offset : 0;
    let lastNote = Date.now();
    for await (const chunk of response.body) {
      restartTimer();
      for (let written = 0; written < chunk.length;) written += await file.write(chunk.subarray(written));
      received += chunk.length;
      if (Date.now() - lastNote < NOTE_EVERY) continue;
      lastNote = Date.now();
      note(`Fetching ${what}: ${megabytes(received)} of ${megabytes(size)}.`);
    }
  } finally {
    clearTimeout(timer);
  }
}

async function digestMismatch({ digest, size }: BlobRequest, path: string): Promise<string | undefined> {
  const git = digest.length === 40;
  const hash = createHash(git ? "sha1" : "sha256");
  if (git) hash.update(`blob ${size}\0`);
  using file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  const actual = hash.digest("hex");
  return actual === digest ? undefined : `expected ${git ? "git object" : "sha256"} ${digest}, got ${actual}`;
}

async function sizeOf(path: string): Promise<number> {
  return await exists(path) ? (await Deno.stat(path)).size : 0;
}

// The cache's layout is a link into `blobs`, or the file itself on systems without links.
async function link(blob: string, pointer: string): Promise<void> {
  await Deno.mkdir(dirname(pointer), { recursive: true });
  try {
    await Deno.symlink(relative(dirname(pointer), blob), pointer);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    await Deno.rename(blob, pointer);
  }
}

/** Why a request failed, as the transport beneath `fetch` reports it. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return messageOf(cause).replace(/^error sending request.*client error \(\w+\): /, "");
}
