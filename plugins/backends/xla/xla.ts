/**
 * The backend `xla`: StableHLO programs on a PJRT plugin, over Deno's FFI.
 *
 * @module
 */
import {
  type Backend,
  type BackendOptions,
  cacheFolder,
  type Engine,
  type EngineMemory,
  fixSigns,
  RequestError,
  type Svd,
  tf,
} from "@opf/framework";
import { join } from "node:path";
import { loadPermanently } from "../_load_permanently.ts";
import { oncePerProcess } from "../_once_per_process.ts";
import { processMemory } from "../_process_memory.ts";
import { processorFeatures } from "../_processor.ts";
import { XlaBackend } from "./_backend.ts";
import { Client } from "./_pjrt/client.ts";
import { clientOptions } from "./_pjrt/client_options.ts";
import { cpuFlags, gpuFlags } from "./_pjrt/compile_options.ts";
import { cudaDriver } from "./_cuda.ts";
import { deviceGroup } from "./_device_group.ts";
import { Compiler } from "./_jit.ts";
import { registerKernels } from "./_kernels/register.ts";
import { Lapack } from "./_lapack.ts";
import { Pjrt, PjrtError } from "./_pjrt/pjrt.ts";
import { ProgramStore } from "./_pjrt/program_store.ts";
import { startError } from "./_pjrt/start_error.ts";
import { randomNumbers } from "./_kernels/random.ts";
import { Runtime } from "./_runtime.ts";
import { findLapack, findPlugin } from "./plugin.ts";

const LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL";

// One client a process, and one engine for each number of devices.
const startClient = oncePerProcess(start);

/** XLA on whatever device a PJRT plugin has: one program for each structure of operations. */
export const xla: Backend = {
  name: "xla",
  hasGpu: () => cudaDriver() !== undefined,
  // The CPU has no TF32.
  precisions: (device) => device === "gpu" ? ["tf32", "float32", "bfloat16"] : ["float32", "bfloat16"],
  hasDeviceGroups: true,
  start: async (options = {}) => (await startClient(options)).engineFor(options.devices ?? 1),
};

async function start(
  { device, threads = navigator.hardwareConcurrency, note = () => {} }: BackendOptions,
): Promise<Pick<Engine, "name" | "device"> & { engineFor(devices: number): Engine }> {
  const [plugin, lapackLibrary] = [await findPlugin({ ...(device && { device }), note }), await findLapack({ note })];
  // XLA reports each step of its start on standard error. Crashes only: its errors arrive as exceptions.
  if (Deno.env.get(LOG_LEVEL) === undefined) Deno.env.set(LOG_LEVEL, "3");
  loadPermanently([plugin.path, lapackLibrary.path]);
  const client = newClient(plugin.path, device);
  const isGpu = client.platform !== "cpu";
  if (device === "gpu" && !isGpu) {
    throw new RequestError(`Expected a plugin for a GPU, got one for ${client.platform}: ${plugin.how}.`);
  }
  if (device === "cpu" && isGpu) {
    throw new RequestError(`Expected a plugin for the CPU, got one for ${client.platform}: ${plugin.how}.`);
  }
  const store = await openStore(client, plugin.path, note);
  const runtime = new Runtime(client, { store, log: Deno.env.get("OPF_XLA_PROGRAMS") ? note : undefined });
  const backend = new XlaBackend(runtime);
  registerKernels(backend);
  await tf.setBackend("xla");
  const jit = (devices: number): Engine["jit"] => {
    const compiler = new Compiler(backend, { note, devices });
    return (compute, options) => compiler.jit(compute, options);
  };
  const lapack = new Lapack(lapackLibrary.path, threads);
  const { version } = client.pjrt, memory = client.memory();
  const onOne: Engine = {
    name: "xla",
    device: isGpu ? "gpu" : "cpu",
    compilesWholePrograms: true,
    // On the CPU, where padding costs more, batches are those of the other backends.
    prefersFewShapes: isGpu,
    description: {
      library: `XLA, PJRT ${version.major}.${version.minor}`,
      found: plugin.how,
      platform: client.platform,
      platformVersion: client.platformVersion,
      devices: client.devices.map(({ kind }) => kind),
      ...(memory?.bytesLimit !== undefined && { deviceMemory: `${(memory.bytesLimit / 1e9).toFixed(1)} GB` }),
      tfjs: tf.version_core,
      threads,
    },
    bytesOnDisk: [plugin, lapackLibrary].reduce((sum, { path }) => sum + Deno.statSync(path).size, 0),
    svd: (matrix) => svd(lapack, matrix),
    ...randomNumbers(backend),
    jit: jit(1),
    ready: (tensor) => runtime.ready(backend.storedNode(tensor.dataId)),
    memory: (options) => ({
      tensors: backend.numDataIds(),
      ...processMemory(options),
      ...(isGpu && deviceMemory(client)),
    }),
  };
  const engines = new Map([[1, onOne]]);
  const newEngine = (devices: number): Engine => ({
    ...onOne,
    deviceGroup: deviceGroup(backend, devices),
    jit: jit(devices),
  });
  return {
    name: onOne.name,
    device: onOne.device,
    engineFor: (devices) => engines.getOrInsertComputed(devices, newEngine),
  };
}

function newClient(path: string, device: BackendOptions["device"]): Client {
  const pjrt = new Pjrt(path);
  const isGpu = device === "gpu" || device === undefined && cudaDriver() !== undefined;
  try {
    return new Client(pjrt, { options: clientOptions(isGpu), flags: isGpu ? gpuFlags() : cpuFlags() });
  } catch (error) {
    if (!(error instanceof PjrtError)) throw error;
    throw new RequestError(`The PJRT plugin ${path} does not start: ${startError(error)}`);
  }
}

/** The compiled programs in the user's cache, or nothing if `OPF_COMPILED` is `off`. */
async function openStore(
  client: Client,
  plugin: string,
  note: (message: string) => void,
): Promise<ProgramStore | undefined> {
  if (Deno.env.get("OPF_COMPILED") === "off") return undefined;
  const { size, mtime } = await Deno.stat(plugin);
  // Machine code for a CPU is for its instructions.
  const features = client.platform === "cpu" ? processorFeatures() : [];
  if (!features) return undefined;
  const target = [`${size}`, `${Number(mtime)}`, Deno.env.get("XLA_FLAGS") ?? "", ...features];
  return new ProgramStore(join(cacheFolder(), "compiled", "xla"), client, { target, note });
}

function deviceMemory(client: Client): Pick<EngineMemory, "device"> {
  const memory = client.memory();
  if (!memory) return {};
  const { bytesInUse: bytes, peakBytesInUse: peakBytes, bytesLimit: limit } = memory;
  return { device: { bytes, ...(peakBytes !== undefined && { peakBytes }), ...(limit !== undefined && { limit }) } };
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
