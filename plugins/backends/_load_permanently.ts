/**
 * Native libraries that stay loaded.
 *
 * @module
 */

const MEBIBYTE = 2 ** 20;
// mallopt of glibc: M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD. Freed large buffers stay with the process for the next
// step instead of being returned to the system.
const MALLOC = [[-3, 1024 * MEBIBYTE], [-1, 2047 * MEBIBYTE], [-2, 64 * MEBIBYTE]] as const;

const LINUX = { files: ["libc.so.6", "libdl.so.2"], nodelete: 0x1000 }; // dlopen was in libdl before glibc 2.34
const DARWIN = { files: ["libSystem.B.dylib"], nodelete: 0x80 };
const RTLD_NOW = 2, WRITE_ONLY = 1, STANDARD_ERROR = 2;

const I = "i32", P = "pointer", B = "buffer";
const FUNCTIONS = {
  mallopt: { parameters: [I, I], result: I, optional: true },
  dlopen: { parameters: [B, I], result: P, optional: true },
  open: { parameters: [B, I], result: I, optional: true },
  dup: { parameters: [I], result: I, optional: true },
  dup2: { parameters: [I, I], result: I, optional: true },
  close: { parameters: [I], result: I, optional: true },
} as const;

/**
 * Loads libraries for the lifetime of the process: Deno unloads its libraries at exit, which crashes libraries whose threads
 * are still running. What they print while loading is discarded.
 */
export function loadPermanently(paths: readonly string[]): void {
  const { files, nodelete } = Deno.build.os === "darwin" ? DARWIN : LINUX;
  for (const file of files) {
    const { symbols: c } = Deno.dlopen(file, FUNCTIONS);
    c.mallopt && MALLOC.forEach(([parameter, value]) => c.mallopt!(parameter, value));
    if (!c.dlopen) continue;
    const devNull = c.open?.(cName("/dev/null"), WRITE_ONLY) ?? -1;
    const errors = devNull < 0 ? -1 : c.dup!(STANDARD_ERROR);
    if (errors >= 0) c.dup2!(devNull, STANDARD_ERROR);
    try {
      for (const path of paths) c.dlopen(cName(path), RTLD_NOW | nodelete);
    } finally {
      if (errors >= 0) [c.dup2!(errors, STANDARD_ERROR), c.close!(errors), c.close!(devNull)];
    }
    return;
  }
}

const cName = (name: string) => new TextEncoder().encode(name + "\0");
