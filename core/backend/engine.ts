/**
 * What a backend offers beyond the operations of TensorFlow.js, and the engine in use.
 *
 * @module
 */
import type { Json } from "../json.ts";
import type { RandomKey } from "../random.ts";
import * as tf from "./tf.ts";

/** A function of tensors that can be compiled. */
export type TensorFunction = (...inputs: tf.Tensor[]) => tf.Tensor[];

/**
 * How matrix products multiply: float32; TF32, float32 with 10 bits of mantissa, on GPUs that have it; or bfloat16. Their sums
 * are float32, and so is everything else, products with a vector included.
 */
export type Precision = "float32" | "tf32" | "bfloat16";

/** How a function is compiled. */
export interface JitOptions {
  /** Used in messages. @default the function's own name */
  readonly name?: string;
  /**
   * For each output the index of the argument whose memory it may reuse: one of its type and shape, and for one output only.
   * After the call that argument must only be disposed. @default none: outputs get new memory
   */
  readonly donate?: readonly (number | undefined)[];
  /** One of the backend's {@linkcode Backend.precisions}. @default "float32" */
  readonly precision?: Precision;
  /**
   * The function runs on all devices of the engine's {@linkcode Engine.deviceGroup} together. So many of its last arguments
   * are split along their first axis, which is that of a batch and which the devices must divide; each device gets its part
   * of them, and the other arguments whole. Outputs must be equal on all devices: what depends on the part is summed or
   * gathered. @default it runs on the first device
   */
  readonly split?: number;
}

/** Several devices that compute a function together, each on its part of a batch. */
export interface DeviceGroup {
  /** Number of devices, at least 2. */
  readonly size: number;
  /** The sum of the devices' tensors, on each of them. In a function that is not split, the tensor itself. No gradient. */
  sum<T extends tf.Tensor>(tensor: T): T;
  /**
   * The devices' tensors one after another along the first axis, on each of them. In a function that is not split, the tensor
   * itself. No gradient.
   */
  gather<T extends tf.Tensor>(tensor: T): T;
}

/**
 * The thin singular value decomposition `matrix = u · diag(s) · vᵀ` with `k = min(rows, columns)`. Columns are orthonormal
 * to about 1e-6, so that a chain of decompositions stays accurate.
 */
export interface Svd {
  /** `[rows, k]`, orthonormal columns. In each column the entry of largest magnitude is positive. */
  readonly u: tf.Tensor2D;
  /** `[k]`, in descending order. */
  readonly s: tf.Tensor1D;
  /** `[columns, k]`, orthonormal columns. */
  readonly v: tf.Tensor2D;
}

/** The key of random numbers: a value, or inside compiled functions its two words as an int32 tensor `[2]`. */
export type Key = RandomKey | tf.Tensor;

/** Which of a key's random numbers to draw. */
export interface DrawOptions {
  /** Draws with different counters are independent. @default 0 */
  readonly counter?: number;
}

/** A running backend on one device, or on a group of them. */
export interface Engine {
  /** `tensorflow`, `wasm`: also the name of its kernels in TensorFlow.js. */
  readonly name: string;
  readonly device: "cpu" | "gpu";
  /** Library, versions, threads, name of the device: stored with every result. */
  readonly description: { readonly [key: string]: Json };
  /**
   * Whether a compiled function is one program, which takes seconds to compile and the longer the more operations it has: few,
   * large operations are better. @default false
   */
  readonly compilesWholePrograms?: boolean;
  /** Whether padding costs less than one more shape to compile, so that batches have few lengths. @default false */
  readonly prefersFewShapes?: boolean;
  /** The devices that split functions run on. @default one device, which has whole batches */
  readonly deviceGroup?: DeviceGroup;
  /** Size of its libraries on disk, if known. */
  readonly bytesOnDisk?: number;
  /** The singular value decomposition, with signs fixed by {@linkcode fixSigns} so that all backends agree. */
  svd(matrix: tf.Tensor2D): Svd;
  /** Uniform in [0, 1), multiples of 2⁻²⁴: the numbers of {@linkcode RandomKey.uniforms}. */
  randomUniform(key: Key, shape: readonly number[], options?: DrawOptions): tf.Tensor;
  /**
   * A dropout mask (bool) that keeps each element with probability `1 − rate`, rounded to 1/65536. Element `i` is decided
   * by the `i`-th 16-bit half of {@linkcode RandomKey.bits}, lower halves first. In a split function the first axis is that of
   * the device's part of the batch, and elements count from the first of the whole batch: the mask is a part of the one that a
   * single device draws.
   */
  randomMask(key: Key, shape: readonly number[], options: DrawOptions & { readonly rate: number }): tf.Tensor;
  /**
   * The same function, compiled once for each combination of input shapes and types.
   *
   * - It reads tensors from its arguments. Other tensors become constants with their value at compilation.
   * - Called inside another compiled function it may become one fused kernel of it: useful for elementwise and row-wise
   *   code on large tensors, see {@linkcode kernel}.
   * - Called under a gradient it runs uncompiled, so that it is always differentiable; see {@linkcode fused} for compiled
   *   code with a gradient.
   * - A function that cannot be compiled, because it reads values, runs uncompiled and logs a warning once. A backend
   *   without a compiler runs all functions so; there a tensor from outside has its value at the call.
   *
   * In every case outputs are new tensors and intermediate tensors are freed.
   */
  jit(compute: TensorFunction, options?: JitOptions): TensorFunction;
  /**
   * Resolves once a tensor is computed, without reading it. Absent if functions return only when their results are computed;
   * else they return at once, and what they compute follows in their order.
   */
  ready?(tensor: tf.Tensor): Promise<void>;
  /** A writer of TensorBoard event files to a folder; absent if the backend cannot write them. */
  summaryWriter?(folder: string): SummaryWriter;
  /** What is in use. */
  memory(options?: MemoryOptions): EngineMemory;
}

/** What to do before memory is measured. */
export interface MemoryOptions {
  /** Measure the peak from now on, after a `trim`. @default false */
  readonly resetPeak?: boolean;
  /** Return memory to the system that is free but kept in reserve by the process. @default false */
  readonly trim?: boolean;
}

/** Memory in use, in bytes. */
export interface EngineMemory {
  /** Live tensors. */
  readonly tensors: number;
  /** Of the process. */
  readonly residentBytes: number;
  /** The largest resident memory since the last reset. */
  readonly peakBytes: number;
  /** Of the device, where it has memory of its own. */
  readonly device?: {
    readonly bytes: number;
    /** Since the process started. */
    readonly peakBytes?: number;
    /** What the process can have at most. */
    readonly limit?: number;
  };
}

/** Writes scalars over steps for TensorBoard. */
export interface SummaryWriter {
  scalar(tag: string, point: { readonly step: number; readonly value: number }): void;
  /** Flushes and closes the file. */
  close(): void;
}

/** A backend that can be started: what `--backend` names. */
export interface Backend {
  readonly name: string;
  /** Environment variables for processes that start it; variables set by the user take precedence. */
  readonly processEnvironment?: { readonly [variable: string]: string };
  /** Whether this machine has a GPU that it can use; absent if it computes on CPUs only. */
  hasGpu?(): boolean;
  /** Precisions of matrix products on a device, the one to train with first. @default float32 alone */
  precisions?(device: "cpu" | "gpu"): readonly Precision[];
  /** Whether several devices can share a batch. @default false: it computes on one */
  readonly hasDeviceGroups?: boolean;
  start(options?: BackendOptions): Promise<Engine>;
}

/** How a backend is started. */
export interface BackendOptions {
  /** The device, or an error if it is not available. @default a GPU if the library can use one, else the CPU */
  readonly device?: "cpu" | "gpu";
  /** Devices that share each batch, see {@linkcode Engine.deviceGroup}; more than there are is an error. @default 1 */
  readonly devices?: number;
  /** Threads of one operation. @default all cores */
  readonly threads?: number;
  /** Receives messages about downloads and about what is in use. */
  readonly note?: (message: string) => void;
}

/** The environment variables to add for a new process that starts a backend. */
export const processEnvironment = ({ processEnvironment = {} }: Backend): { [variable: string]: string } =>
  Object.fromEntries(Object.entries(processEnvironment).filter(([name]) => Deno.env.get(name) === undefined));

let current: Engine | undefined;

/** The engine in use. */
export function engine(): Engine {
  if (!current) throw new Error("No engine is running yet: start one with `useEngine(await tensorflow.start())`.");
  return current;
}

/** Makes an engine the one in use; from now on TensorFlow.js computes with it. */
export function useEngine(started: Engine): Engine {
  current = started;
  // Takes effect synchronously, because the kernels of a started engine are registered and initialized.
  if (tf.getBackend() !== started.name) void tf.setBackend(started.name);
  return started;
}
