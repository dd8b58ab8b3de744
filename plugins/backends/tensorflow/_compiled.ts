/**
 * Where compiled kernels are kept for later processes.
 *
 * @module
 */
import { cacheFolder } from "@opf/framework";
import { createHash } from "node:crypto";
import { join } from "node:path";

/**
 * A folder in the user's cache for kernels of a processor (what Linux says of it), this library and so many threads,
 * among which they are divided when they are compiled; nothing where `OPF_COMPILED` is `off` or the processor is not known
 * (outside Linux). It is made.
 */
export async function compiledFolder(
  library: { readonly cc: string },
  { threads, processor }: { readonly threads: number; readonly processor: string },
): Promise<string | undefined> {
  if (Deno.env.get("OPF_COMPILED") === "off") return undefined;
  try {
    const { size, mtime } = await Deno.stat(library.cc);
    const features = processor.split("\n").filter((line) => /^(model name|flags|Features)\s*:/.test(line)).slice(0, 2);
    if (features.length === 0) return undefined;
    const flags = Deno.env.get("XLA_FLAGS") ?? "";
    const parts = ["3", ...features, library.cc, size, Number(mtime), flags, threads];
    const hash = createHash("sha256").update(parts.join("\n")).digest("hex");
    const folder = join(cacheFolder(), "compiled", hash.slice(0, 16));
    await Deno.mkdir(folder, { recursive: true });
    return folder;
  } catch {
    return undefined; // kernels are compiled anew in each process
  }
}

/**
 * Kernels that are kept for later processes. The library writes them without care, and an unfinished file would stop every
 * later process: so it writes into a folder of this process alone, which begins with links to all that is kept, and what is
 * whole is linked from there.
 */
export class KeptKernels {
  /** Where the library reads and writes. */
  readonly folder: string;
  readonly #shared: string;
  readonly #known: Set<string>;

  private constructor(shared: string, folder: string, known: Set<string>) {
    [this.#shared, this.folder, this.#known] = [shared, folder, known];
  }

  /** Opens the folder that is shared; nothing where links cannot be made in it. */
  static open(shared: string): KeptKernels | undefined {
    const folder = join(shared, `.${Deno.pid}`);
    try {
      const entries = [...Deno.readDirSync(shared)];
      for (const { name, isDirectory } of entries) {
        if (isDirectory && (name === `.${Deno.pid}` || !isAlive(name.slice(1)))) {
          remove(join(shared, name));
        }
      }
      Deno.mkdirSync(folder);
      const known = entries.filter(({ isFile }) => isFile).map(({ name }) => name);
      for (const name of known) Deno.linkSync(join(shared, name), join(folder, name));
      addEventListener("unload", () => remove(folder));
      return new KeptKernels(shared, folder, new Set(known));
    } catch {
      return undefined;
    }
  }

  /** Keeps what was compiled until now: to be called when nothing is being compiled. */
  keep(): void {
    try {
      for (const { name } of Deno.readDirSync(this.folder)) {
        if (this.#known.has(name)) continue;
        this.#known.add(name);
        const path = join(this.folder, name);
        using file = Deno.openSync(path);
        file.syncSync(); // before it has its name
        Deno.linkSync(path, join(this.#shared, name));
      }
    } catch { /* another process was first, or the disk is full: it is compiled again some day */ }
  }
}

function remove(folder: string): void {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch { /* it is gone already */ }
}

const isAlive = (pid: string): boolean => {
  try {
    return Deno.statSync(`/proc/${pid}`).isDirectory;
  } catch {
    return false;
  }
};
