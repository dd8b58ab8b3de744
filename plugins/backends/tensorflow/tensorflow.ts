/**
 * The backend `tensorflow`: TensorFlow.js's kernels on libtensorflow, through Deno's FFI.
 *
 * @module
 */
import { type Backend, type BackendOptions, type Engine, RequestError, tf } from "@opf/framework";
import { loadPermanently } from "../_load_permanently.ts";
import { oncePerProcess } from "../_once_per_process.ts";
import { processMemory } from "../_process_memory.ts";
import { devices, newContext } from "./_c_api/context.ts";
import { openLibrary } from "./_c_api/ffi.ts";
import { compiledFolder, KernelCache } from "./_compiled.ts";
import { Eager } from "./_eager.ts";
import { Compiler } from "./_jit.ts";
import { randomNumbers } from "./_kernels/random.ts";
import { registerBackend } from "./_kernels/register.ts";
import { svd } from "./_kernels/svd.ts";
import { cacheKernelsIn, tuneKernels, useOneDnn } from "./_process.ts";
import { summaryWriter } from "./_summaries.ts";
import { checkVersion, findLibrary } from "./library.ts";

/** TensorFlow on the CPU. A process has one such engine: starting it again returns the same. */
export const tensorflow: Backend = {
  name: "tensorflow",
  // Huge pages (2 MB) if the system provides them: large tensors spend less time on address translation.
  processEnvironment: { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" },
  start: oncePerProcess(start),
};

async function start(
  { device, threads = navigator.hardwareConcurrency, note = () => {} }: BackendOptions,
): Promise<Engine> {
  if (device === "gpu") {
    throw new RequestError(
      "Expected a GPU, got the backend tensorflow, which computes on the CPU: --backend xla has GPUs.",
    );
  }
  const files = await findLibrary({ note });
  tuneKernels(); // before compiledFolder(), whose name depends on these flags
  const shared = await compiledFolder(files, threads);
  const cache = shared === undefined ? undefined : KernelCache.open(shared);
  if (cache) cacheKernelsIn(cache.folder);
  useOneDnn();
  loadPermanently([files.framework, files.cc]);
  const library = openLibrary(files);
  checkVersion(library.version);
  const context = newContext(library, { threads });
  const available = devices(library, context);
  const eager = new Eager(library, context);
  const compiler = new Compiler(eager, { note, onCompiled: () => cache?.save() });
  const backend = await registerBackend(compiler.target, { version: library.version });
  compiler.attach(backend);
  return {
    name: "tensorflow",
    device: "cpu",
    description: {
      library: `TensorFlow ${library.version}`,
      found: files.how,
      tfjs: tf.version_core,
      devices: available.map(({ name }) => name),
      threads,
    },
    bytesOnDisk: [files.framework, files.cc].reduce((sum, path) => sum + Deno.statSync(path).size, 0),
    svd: (matrix) => svd(backend, matrix),
    ...randomNumbers(backend, compiler),
    jit: (compute, options) => compiler.jit(compute, options),
    summaryWriter: (folder) => summaryWriter(eager, folder),
    memory: (options) => ({ tensors: eager.size, ...processMemory(options) }),
  };
}
