/**
 * Where compiled kernels are kept for later processes.
 *
 * @module
 */
import { cacheFolder } from "@opf/framework";
import { createHash } from "node:crypto";
import { join } from "node:path";

/**
 * A folder in the user's cache for kernels of this processor and this library; nothing where `OPF_COMPILED` is `off` or
 * the processor is not known (outside Linux). It is made.
 */
export async function compiledFolder(library: { readonly cc: string }): Promise<string | undefined> {
  if (Deno.env.get("OPF_COMPILED") === "off") return undefined;
  try {
    const { size, mtime } = await Deno.stat(library.cc);
    const info = await Deno.readTextFile("/proc/cpuinfo");
    const features = info.split("\n").filter((line) => /^(model name|flags|Features)\s*:/.test(line)).slice(0, 2);
    if (features.length === 0) return undefined;
    const flags = Deno.env.get("XLA_FLAGS") ?? "";
    const hash = createHash("sha256").update([...features, library.cc, size, Number(mtime), flags].join("\n")).digest(
      "hex",
    );
    const folder = join(cacheFolder(), "compiled", hash.slice(0, 16));
    await Deno.mkdir(folder, { recursive: true });
    return folder;
  } catch {
    return undefined; // kernels are compiled anew in each process
  }
}
