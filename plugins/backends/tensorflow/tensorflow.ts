/**
 * The backend `tensorflow`: TensorFlow.js's kernels on libtensorflow, over Deno's FFI.
 *
 * @module
 */
import { type Backend, type BackendOptions, type Engine, RequestError, tf } from "@opf/framework";
import { typed } from "./_attributes.ts";
import { compiledFolder, KeptKernels } from "./_compiled.ts";
import { devices, newContext } from "./_context.ts";
import { Eager } from "./_eager.ts";
import { openLibrary, TYPE } from "./_ffi.ts";
import { Compiler } from "./_jit.ts";
import { registerBackend } from "./_kernels.ts";
import { loadForGood } from "../_load_for_good.ts";
import { processMemory } from "../_process_memory.ts";
import { keepKernelsIn, tuneKernels, useOneDnn } from "./_process.ts";
import { isAmdBeforeZen5, processorInfo } from "./_processor.ts";
import { randomNumbers } from "./_random.ts";
import { tableRows } from "./_rows.ts";
import { summaryWriter } from "./_summaries.ts";
import { svd } from "./_svd.ts";
import { checkVersion, findLibrary } from "./library.ts";

let started: Promise<Engine> | undefined;

/**
 * TensorFlow on the CPU, or on a CUDA device. A process holds one: started again, it is the same engine.
 */
export const tensorflow: Backend = {
  name: "tensorflow",
  // Pages of 2 MB where the system gives them: reading and writing large tensors waits less for addresses.
  processEnvironment: { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" },
  start: (options = {}) => started ??= start(options),
};

async function start(
  { device, threads = navigator.hardwareConcurrency, note = () => {} }: BackendOptions,
): Promise<Engine> {
  const found = await findLibrary({ ...(device && { device }), note });
  tuneKernels(); // before the folder, whose name follows the flags
  const processor = await processorInfo();
  const shared = await compiledFolder(found, { threads, processor });
  const kept = shared === undefined ? undefined : KeptKernels.open(shared);
  if (kept) keepKernelsIn(kept.folder);
  useOneDnn();
  loadForGood([...found.preload, found.framework, found.cc]);
  const library = openLibrary(found);
  checkVersion(library.version);
  const context = newContext(library, { threads, gpu: device !== "cpu" });
  const all = devices(library, context);
  const gpu = all.some(({ type }) => type === "GPU");
  if (device === "gpu" && !gpu) {
    throw new RequestError(
      `A GPU was asked for, and TensorFlow sees none. It sees ${all.map(({ name }) => name).join(", ")}.`,
    );
  }
  const eager = new Eager(library, context);
  const productsAlone = !gpu && !isAmdBeforeZen5(processor);
  const compiler = new Compiler(eager, { note, compiled: () => kept?.keep(), productsAlone });
  const backend = await registerBackend(compiler.target, { version: library.version, gpu });
  compiler.attach(backend);
  const jit: Engine["jit"] = (compute, options) => compiler.jit(compute, options);
  return {
    name: "tensorflow",
    device: gpu ? "gpu" : "cpu",
    description: {
      library: `TensorFlow ${library.version}`,
      found: found.how,
      tfjs: tf.version_core,
      devices: all.map(({ name }) => name),
      threads,
    },
    bytesOnDisk: [found.framework, found.cc].reduce((sum, path) => sum + Deno.statSync(path).size, 0),
    svd: (matrix) => svd(backend, matrix),
    l2Loss: (tensor) => backend.executeSingleOutput("L2Loss", [typed("T", TYPE.float32)], [tensor]) as tf.Scalar,
    ...randomNumbers({ backend, target: compiler.target, jit }),
    jit,
    rows: tableRows(backend, compiler),
    summaryWriter: (folder) => summaryWriter(eager, folder),
    memory: (options) => ({ tensors: eager.size, ...processMemory(options) }),
  };
}
