/**
 * The environment variables that TensorFlow's libraries read when they are loaded.
 *
 * @module
 */

// Name and flag. The library joins several lists of extra options.
const KERNEL_FLAGS = [
  ["xla_cpu_prefer_vector_width", "--xla_cpu_prefer_vector_width=512"],
  ["xla_cpu_use_multi_output_fusion", "--xla_backend_extra_options=xla_cpu_use_multi_output_fusion"],
] as const;

/**
 * Keeps compiled kernels in a folder for later processes. Must be called before the library is loaded. The
 * machine code is for one processor and one version of the library, so the folder must be theirs alone.
 */
export function cacheKernelsIn(folder: string): void {
  addTo(
    "TF_XLA_FLAGS",
    `--tf_xla_persistent_cache_directory=${quoted(folder)} --tf_xla_persistent_cache_device_types=CPU`,
  );
}

/**
 * Makes XLA compile kernels for 512-bit vectors if the processor has them, and fuse loops over the same elements, unless the
 * user's flags say otherwise. Must be called before the library is loaded.
 */
export function tuneKernels(): void {
  const given = Deno.env.get("XLA_FLAGS") ?? "";
  for (const [name, flag] of KERNEL_FLAGS) if (!given.includes(name)) addTo("XLA_FLAGS", flag);
}

/** Makes the library use oneDNN, unless the user's environment says otherwise. Must be called before the library is loaded. */
export const useOneDnn = (): void => setDefault("TF_ENABLE_ONEDNN_OPTS", "1");

const setDefault = (name: string, value: string): void =>
  void (Deno.env.get(name) === undefined && Deno.env.set(name, value));

const addTo = (name: string, flags: string): void =>
  Deno.env.set(name, [Deno.env.get(name), flags].filter((part) => part).join(" "));

// The library splits the variable at blanks, except in quotes after an equals sign.
const quoted = (value: string): string => `"${value.replace(/["\\]/g, "\\$&")}"`;
