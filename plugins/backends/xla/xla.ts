/**
 * The backend `xla`: StableHLO programs on a PJRT plugin, over Deno's FFI.
 *
 * @module
 */
import { type Backend, type BackendOptions, type Engine, fixSigns, RequestError, type Svd, tf } from "@opf/framework";
import { processMemory } from "../_process_memory.ts";
import { XlaBackend } from "./_backend.ts";
import { Client } from "./_client.ts";
import { Compiler } from "./_jit.ts";
import { registerKernels } from "./_kernels.ts";
import { Lapack } from "./_lapack.ts";
import { Pjrt } from "./_pjrt.ts";
import { randomNumbers } from "./_random.ts";
import { Runtime } from "./_runtime.ts";

let started: Promise<Engine> | undefined;

/** XLA on whatever device a PJRT plugin has: one program for each structure of operations. */
export const xla: Backend = {
  name: "xla",
  start: (options = {}) => started ??= start(options),
};

async function start(
  { device, threads = navigator.hardwareConcurrency, note = () => {} }: BackendOptions,
): Promise<Engine> {
  const pjrt = new Pjrt(Deno.env.get("OPF_PJRT_PLUGIN")!);
  const client = new Client(pjrt);
  const runtime = new Runtime(client);
  const backend = new XlaBackend(runtime);
  registerKernels(backend);
  await tf.setBackend("xla");
  const compiler = new Compiler(backend, note);
  const lapack = new Lapack("/work/tmp/xla/x/scipy_openblas32/lib/libscipy_openblas.so", threads);
  const gpu = client.platform !== "cpu";
  return {
    name: "xla",
    device: gpu ? "gpu" : "cpu",
    description: {
      library: `PJRT ${pjrt.version.major}.${pjrt.version.minor}`,
      platform: client.platform,
      platformVersion: client.platformVersion,
      devices: client.devices.map(({ kind }) => kind),
      tfjs: tf.version_core,
      threads,
    },
    svd: (matrix) => svd(lapack, matrix),
    ...randomNumbers(backend),
    jit: (compute, options) => compiler.jit(compute, options),
    memory: (options) => ({ tensors: backend.numDataIds(), ...processMemory(options) }),
  };
}

function svd(lapack: Lapack, matrix: tf.Tensor2D): Svd {
  return tf.tidy(() => {
    const [rows, columns] = matrix.shape;
    const k = Math.min(rows, columns);
    const { u, s, vt } = lapack.svd(matrix.dataSync() as Float32Array, [rows, columns]);
    const v = tf.transpose(tf.tensor2d(vt, [k, columns]));
    return { s: tf.tensor1d(s), ...fixSigns(tf.tensor2d(u, [rows, k]), v) };
  });
}
