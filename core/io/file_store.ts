/**
 * What was computed once, kept on disk for later processes and those beside this one.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { writeFileAtomic } from "./atomic_file.ts";
import { removeOldest } from "./remove_oldest.ts";

const DIGEST_BYTES = 32;

/** Options of {@linkcode FileStore}. */
export interface FileStoreOptions {
  /** Bytes of all files; those that were not used for longest are removed. */
  readonly maxBytes: number;
  /** Receives one sentence when nothing can be kept. */
  readonly note: (message: string) => void;
}

/**
 * A folder of files that can be computed again. A file's name is a digest of all that decides its content; its first 32
 * bytes are a digest of the rest. A damaged file counts as absent and is written again. Without a lock: of several
 * processes that write the same file each one writes all of it, and the last stays.
 */
export class FileStore {
  #isWritable = true;

  constructor(readonly folder: string, readonly options: FileStoreOptions) {}

  /** The content of a file, at a multiple of 8 in its buffer; `undefined` if it is absent, unreadable or damaged. */
  async read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const path = join(this.folder, name);
    const bytes = await Deno.readFile(path).catch(() => undefined);
    if (!bytes) return undefined;
    const content = bytes.subarray(DIGEST_BYTES);
    if (!digestOf([content]).equals(bytes.subarray(0, DIGEST_BYTES))) return undefined;
    const now = new Date();
    await Deno.utime(path, now, now).catch(() => {}); // on a read-only disk nothing is removed either
    return content;
  }

  /** Keeps a file; a folder that cannot be written is reported once. */
  async write(name: string, parts: readonly Uint8Array[]): Promise<void> {
    if (!this.#isWritable) return;
    const path = join(this.folder, name);
    try {
      await Deno.mkdir(this.folder, { recursive: true });
      await writeFileAtomic(path, [digestOf(parts), ...parts]);
      removeOldest(this.folder, { maxBytes: this.options.maxBytes, keep: name });
    } catch (error) {
      this.#isWritable = false;
      this.options.note(`Nothing is kept in ${this.folder} for later runs: ${messageOf(error)}.`);
    }
  }
}

function digestOf(parts: readonly Uint8Array[]) {
  const hash = createHash("sha256");
  for (const bytes of parts) hash.update(bytes);
  return hash.digest();
}
