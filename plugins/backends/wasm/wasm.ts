/**
 * The backend `wasm`: TensorFlow.js's WebAssembly kernels, for machines without libtensorflow.
 *
 * @module
 */
import { type Backend, type BackendOptions, type Engine, RequestError, tf } from "@opf/framework";
import { oncePerProcess } from "../_once_per_process.ts";
import { processMemory } from "../_process_memory.ts";
import { uncompiled } from "./_jit.ts";
import { randomNumbers } from "./_random.ts";

/**
 * WebAssembly on one thread of the CPU: slower than `tensorflow`, but all of it comes from npm. It does not compile
 * functions. A process has one such engine: starting it again returns the same.
 */
export const wasm: Backend = {
  name: "wasm",
  start: oncePerProcess(start),
};

async function start({ device }: BackendOptions): Promise<Engine> {
  if (device === "gpu") throw new RequestError("Expected a GPU, got the backend wasm, which computes on the CPU only.");
  // Imported here, so that other backends do not pay for it.
  const [{ startKernels }, { svd }] = await Promise.all([import("./_kernels.ts"), import("./_svd.ts")]);
  const { backend, version, simd, bytes } = await startKernels();
  return {
    name: "wasm",
    device: "cpu",
    description: {
      library: `TensorFlow.js WebAssembly ${version}`,
      tfjs: tf.version_core,
      simd,
      compiles: false,
      threads: 1, // its multithreaded binary needs the workers of a browser
    },
    bytesOnDisk: bytes,
    svd,
    ...randomNumbers,
    jit: uncompiled,
    memory: (options) => ({ tensors: backend.numDataIds(), ...processMemory(options) }),
  };
}
