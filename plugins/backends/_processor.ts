/**
 * The processor that machine code is compiled for.
 *
 * @module
 */

const I = "i32", B = "buffer";
const FUNCTIONS = {
  open: { parameters: [B, I], result: I },
  read: { parameters: [I, B, "usize"], result: "isize" },
  close: { parameters: [I], result: I },
} as const;

/** The first processor of any machine fits into it. */
const LARGEST = 2 ** 15;

/**
 * The processor's model and instructions, as Linux lists them; `undefined` elsewhere. Deno reads nothing in `/proc` without all
 * permissions, so the C library reads.
 */
export function processorFeatures(): string[] | undefined {
  try {
    const { open, read, close } = Deno.dlopen("libc.so.6", FUNCTIONS).symbols;
    const file = open(new TextEncoder().encode("/proc/cpuinfo\0"), 0);
    if (file < 0) return undefined;
    const bytes = new Uint8Array(LARGEST);
    let length = 0;
    for (let count = 1; count > 0 && length < LARGEST; length += count) {
      count = Math.max(0, Number(read(file, bytes.subarray(length), BigInt(LARGEST - length))));
    }
    close(file);
    const lines = new TextDecoder().decode(bytes.subarray(0, length)).split("\n");
    const features = lines.filter((line) => /^(model name|flags|Features)\s*:/.test(line)).slice(0, 2);
    return features.length > 0 ? features : undefined;
  } catch {
    return undefined; // no such library
  }
}
