/**
 * The environment that TensorFlow's libraries read when they are loaded.
 *
 * @module
 */
// What is set, and to what; the library adds up lists of extra options.
const KERNEL_FLAGS = [
  ["xla_cpu_prefer_vector_width", "--xla_cpu_prefer_vector_width=512"],
  ["xla_cpu_use_multi_output_fusion", "--xla_backend_extra_options=xla_cpu_use_multi_output_fusion"],
] as const;

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

/** Has the library use oneDNN, unless the user's environment says otherwise. To be called before the library is loaded. */
export const useOneDnn = (): void => setDefault("TF_ENABLE_ONEDNN_OPTS", "1");

const setDefault = (name: string, value: string): void =>
  void (Deno.env.get(name) === undefined && Deno.env.set(name, value));

const addTo = (name: string, flags: string): void =>
  Deno.env.set(name, [Deno.env.get(name), flags].filter((part) => part).join(" "));
