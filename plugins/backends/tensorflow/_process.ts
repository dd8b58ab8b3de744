/**
 * What the process itself must be told about TensorFlow's libraries, through the C library.
 *
 * @module
 */
import { cName } from "./_ffi.ts";

const MEBIBYTE = 2 ** 20;
// mallopt of glibc: M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD. Large buffers are kept for the next step instead of
// being given back to the system at each free.
const MALLOC = [[-3, 1024 * MEBIBYTE], [-1, 2047 * MEBIBYTE], [-2, 64 * MEBIBYTE]] as const;

const LINUX = { files: ["libc.so.6", "libdl.so.2"], nodelete: 0x1000 }; // dlopen was in libdl before glibc 2.34
const DARWIN = { files: ["libSystem.B.dylib"], nodelete: 0x80 };
const RTLD_NOW = 2, WRITE_ONLY = 1, STANDARD_ERROR = 2;

// What is set, and to what; the library adds up lists of extra options.
const KERNEL_FLAGS = [
  ["xla_cpu_prefer_vector_width", "--xla_cpu_prefer_vector_width=512"],
  ["xla_cpu_use_multi_output_fusion", "--xla_backend_extra_options=xla_cpu_use_multi_output_fusion"],
] as const;

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
 * Loads libraries for the life of the process. Deno unloads what it opened when it ends, and TensorFlow does not
 * survive being unloaded; what it prints while it loads (always the same remark) goes nowhere.
 */
export function loadForGood(paths: readonly string[]): void {
  setDefault("TF_ENABLE_ONEDNN_OPTS", "1");
  const { files, nodelete } = Deno.build.os === "darwin" ? DARWIN : LINUX;
  for (const file of files) {
    const { symbols: c } = Deno.dlopen(file, FUNCTIONS);
    c.mallopt && MALLOC.forEach(([parameter, value]) => c.mallopt!(parameter, value));
    if (!c.dlopen) continue;
    const nowhere = c.open?.(cName("/dev/null"), WRITE_ONLY) ?? -1;
    const errors = nowhere < 0 ? -1 : c.dup!(STANDARD_ERROR);
    if (errors >= 0) c.dup2!(nowhere, STANDARD_ERROR);
    try {
      for (const path of paths) c.dlopen(cName(path), RTLD_NOW | nodelete);
    } finally {
      if (errors >= 0) [c.dup2!(errors, STANDARD_ERROR), c.close!(errors), c.close!(nowhere)];
    }
    return;
  }
}

/**
 * Lets kernels that are compiled be kept in a folder for later processes. To be called before the library is loaded. The
 * machine code is for one processor and one version of the library, so the folder must be theirs alone.
 */
export function keepKernelsIn(folder: string): void {
  addTo("TF_XLA_FLAGS", `--tf_xla_persistent_cache_directory=${folder} --tf_xla_persistent_cache_device_types=CPU`);
}

/**
 * Has kernels compiled for vectors of 512 bits where the processor has them, and loops over the same numbers made one,
 * unless the user's flags say otherwise. To be called before the library is loaded.
 */
export function tuneKernels(): void {
  const given = Deno.env.get("XLA_FLAGS") ?? "";
  for (const [what, flag] of KERNEL_FLAGS) if (!given.includes(what)) addTo("XLA_FLAGS", flag);
}

const setDefault = (name: string, value: string): void =>
  void (Deno.env.get(name) === undefined && Deno.env.set(name, value));

const addTo = (name: string, flags: string): void =>
  Deno.env.set(name, [Deno.env.get(name), flags].filter((part) => part).join(" "));
