/**
 * The backend `wasm`: TensorFlow.js's WebAssembly kernels, for machines where no libtensorflow can be had.
 *
 * @module
 */
import { type Backend, type BackendOptions, type Engine, RequestError, tf } from "@opf/framework";
import { processMemory } from "../_process_memory.ts";
import { runAsItIs } from "./_jit.ts";
import { randomNumbers } from "./_random.ts";

let started: Promise<Engine> | undefined;

/**
 * WebAssembly on one thread of the CPU: slower than `tensorflow`, and nothing to install, for all comes from npm. It
 * compiles no function. A process holds one: started again, it is the same engine.
 */
export const wasm: Backend = {
  name: "wasm",
  start: (options = {}) => started ??= start(options),
};

async function start({ device }: BackendOptions): Promise<Engine> {
  if (device === "gpu") throw new RequestError("A GPU was asked for, and the backend wasm computes on the CPU only.");
  // Loaded here, so that who computes with another backend does not pay for it.
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
      threads: 1, // its threaded binary wants a browser's workers
    },
    bytesOnDisk: bytes,
    svd,
    ...randomNumbers,
    jit: runAsItIs,
    memory: (options) => ({ tensors: backend.numDataIds(), ...processMemory(options) }),
  };
}
