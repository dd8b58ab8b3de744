/**
 * Compiled kernels on disk, for later processes.
 *
 * @module
 */
import { cacheFolder } from "@opf/framework";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { processorFeatures } from "../_processor.ts";

/**
 * A folder in the user's cache for compiled kernels, created if it is missing. It depends on all that compiled code depends
 * on: the processor, the library, the flags of XLA and the number of threads.
 *
 * @returns nothing if `OPF_COMPILED` is `off` or the processor is unknown (outside Linux)
 */
export async function compiledFolder(library: { readonly cc: string }, threads: number): Promise<string | undefined> {
  if (Deno.env.get("OPF_COMPILED") === "off") return undefined;
  try {
    const { size, mtime } = await Deno.stat(library.cc);
    const features = processorFeatures();
    if (!features) return undefined;
    const flags = Deno.env.get("XLA_FLAGS") ?? "";
    const parts = ["4", ...features, library.cc, size, Number(mtime), flags, threads];
    const hash = createHash("sha256").update(parts.join("\n")).digest("hex");
    const folder = join(cacheFolder(), "compiled", hash.slice(0, 16));
    await Deno.mkdir(folder, { recursive: true });
    return folder;
  } catch {
    return undefined; // every process compiles its own kernels
  }
}

/**
 * Shares compiled kernels between processes. The library does not write them atomically, and an incomplete file would break
 * every later process. So it writes to a folder of this process, which starts with hard links to all shared kernels, and
 * complete files are linked from there to the shared folder. A flipped bit in a kernel could change results unnoticed: shared
 * files carry their digest in their names, and damaged ones are removed.
 */
export class KernelCache {
  /** Where the library reads and writes. */
  readonly folder: string;
  readonly #shared: string;
  readonly #known: Set<string>;

  private constructor(shared: string, folder: string, known: Set<string>) {
    [this.#shared, this.folder, this.#known] = [shared, folder, known];
  }

  /** Opens a shared folder. Returns nothing if links cannot be made in it. */
  static open(shared: string): KernelCache | undefined {
    const folder = join(shared, `.${Deno.pid}`);
    try {
      const entries = [...Deno.readDirSync(shared)];
      for (const { name, isDirectory } of entries) {
        if (isDirectory && (name === `.${Deno.pid}` || !isAlive(name.slice(1)))) remove(join(shared, name));
      }
      Deno.mkdirSync(folder);
      const known = new Set<string>();
      for (const { name: sharedName } of entries.filter(({ isFile }) => isFile)) {
        const path = join(shared, sharedName), name = sharedName.slice(0, -DIGEST_LENGTH - 1);
        if (sharedName === `${name}.${digestOf(Deno.readFileSync(path))}`) {
          if (!known.has(name)) Deno.linkSync(path, join(folder, name));
          known.add(name);
        } else remove(path);
      }
      addEventListener("unload", () => remove(folder));
      return new KernelCache(shared, folder, known);
    } catch {
      return undefined;
    }
  }

  /** Shares all kernels compiled so far. Must not be called while something is being compiled. */
  save(): void {
    try {
      for (const { name } of Deno.readDirSync(this.folder)) {
        if (this.#known.has(name)) continue;
        this.#known.add(name);
        const path = join(this.folder, name);
        using file = Deno.openSync(path);
        file.syncSync(); // before it gets its name
        const bytes = Deno.readFileSync(path);
        // On a full disk the library leaves the beginning of a file.
        if (isWholeMessage(bytes)) Deno.linkSync(path, join(this.#shared, `${name}.${digestOf(bytes)}`));
      }
    } catch { /* another process was faster, or the disk is full: a later process compiles it again */ }
  }
}

const DIGEST_LENGTH = 32;

const digestOf = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex").slice(0, DIGEST_LENGTH);

/** Whether bytes end where a field of a protocol buffer message ends, as those of a complete kernel do. */
export function isWholeMessage(bytes: Uint8Array): boolean {
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; offset < bytes.length; shift += 7) {
      const byte = bytes[offset++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return NaN;
  };
  while (offset < bytes.length) {
    const wireType = varint() % 8;
    if (wireType === 0 ? Number.isNaN(varint()) : wireType !== 1 && wireType !== 2 && wireType !== 5) return false;
    const length = wireType === 0 ? 0 : wireType === 1 ? 8 : wireType === 5 ? 4 : varint();
    if (!(offset + length <= bytes.length)) return false;
    offset += length;
  }
  return bytes.length > 0;
}

function remove(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch { /* already removed */ }
}

const isAlive = (pid: string): boolean => {
  try {
    return Deno.statSync(`/proc/${pid}`).isDirectory;
  } catch {
    return false;
  }
};
