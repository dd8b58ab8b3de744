/**
 * What a backend gives beyond TensorFlow.js's operations, and the one that is in use.
 *
 * @module
 */
import type { Json } from "../json.ts";
import type { RandomKey } from "../random.ts";
import * as tf from "./tf.ts";

/** What a compiled function is given and gives back. */
export type TensorFunction = (...inputs: tf.Tensor[]) => tf.Tensor[];

/** How a function is compiled. */
export interface JitOptions {
  /** Named in messages. @default the function's own name */
  readonly name?: string;
  /**
   * Make one kernel of it, with loops fused: for elementwise and row-wise code on large tensors.
   * @default false: one graph of the library's own kernels
   */
  readonly kernel?: boolean;
  /**
   * The kernel is made of matrix products, which an engine may leave to its library one by one, where that is faster.
   * @default false
   */
  readonly products?: boolean;
  /**
   * Of each output the argument (its place) whose memory it may be written to; that argument must not be used after the
   * call, but to dispose it. @default none: outputs are in memory of their own
   */
  readonly donate?: readonly (number | undefined)[];
}

/**
 * The thin singular value decomposition `matrix = u · diag(s) · vᵀ`, `k = min(rows, columns)`. Columns are orthonormal to
 * about 1e-6, so that a chain of decompositions loses no more.
 */
export interface Svd {
  /** `[rows, k]`, orthonormal columns; the entry of largest size in each column is positive. */
  readonly u: tf.Tensor2D;
  /** `[k]`, falling. */
  readonly s: tf.Tensor1D;
  /** `[columns, k]`, orthonormal columns. */
  readonly v: tf.Tensor2D;
}

/** The key of random numbers: known now, or an int32 tensor `[2]` of its words, for compiled functions. */
export type Key = RandomKey | tf.Tensor;

/** A backend that runs, on one device. */
export interface Engine {
  /** `tensorflow`, `wasm`: also the name under which TensorFlow.js knows its kernels. */
  readonly name: string;
  readonly device: "cpu" | "gpu";
  /** Library, versions, threads, the device's name: stored with every result. */
  readonly description: { readonly [key: string]: Json };
  /** What it computes with takes this much of the disk, as far as that is known. */
  readonly bytesOnDisk?: number;
  /** Singular value decomposition with its signs fixed, so that it is one function on every backend. */
  svd(matrix: tf.Tensor2D): Svd;
  /** `½ Σ x²` over all numbers, where there is one operation for it: see {@linkcode l2Loss}. */
  l2Loss?(tensor: tf.Tensor): tf.Scalar;
  /** Numbers in [0, 1), multiples of 2⁻²⁴, as {@linkcode RandomKey.uniforms} gives them. */
  randomUniform(key: Key, shape: readonly number[], place?: number): tf.Tensor;
  /**
   * A mask that keeps each element with probability `1 − rate`, to 1/65536: bool. Element `i` is decided by the
   * `i`-th half word of the key's bits, the lower half first.
   */
  randomMask(key: Key, shape: readonly number[], rate: number, place?: number): tf.Tensor;
  /**
   * The same function, compiled at its first call for each combination of shapes. It may read tensors only from its
   * arguments; others that it finds count as constants, whose values are taken at the first call. Under a gradient
   * it runs uncompiled, so that it is always differentiable: see {@linkcode fused} for compiled code with a gradient.
   * A function that cannot be compiled (it reads values) runs as it is, with a word once; an engine that compiles
   * nothing runs each as it is, and then a tensor that it finds has the value of the call. In every case the outputs are
   * tensors of their own, and what is made in between is freed.
   */
  jit(compute: TensorFunction, options?: JitOptions): TensorFunction;
  /** Few rows in place of a table of zeros and them; absent from an engine that does not know them. */
  readonly rows?: TableRows;
  /** Writes files for TensorBoard into a folder; absent from an engine that cannot. */
  summaryWriter?(folder: string): SummaryWriter;
  /** Tensors alive, the bytes that the process holds, and the most it held since the peak was last reset. */
  memory(
    options?: { readonly resetPeak?: boolean },
  ): { readonly tensors: number; readonly residentBytes: number; readonly peakBytes: number };
}

/** Rows of a table: `values [count, width]` at `ids [count]`. Of an id that comes again only one place is not zero. */
export interface Rows {
  readonly ids: tf.Tensor1D;
  readonly values: tf.Tensor2D;
}

/** What an engine can do with few rows of a table `[entries, width]`. */
export interface TableRows {
  /**
   * The rows that a tensor is, where it was made by adding them up in zeros (`tf.unsortedSegmentSum`), in the function that
   * is being compiled, and where they are so few that they are worth being told apart.
   */
  of(tensor: tf.Tensor): Rows | undefined;
  /** The table with the rows added. */
  add(table: tf.Tensor, rows: Rows): tf.Tensor;
}

/** Writes numbers over steps where TensorBoard finds them. */
export interface SummaryWriter {
  scalar(tag: string, point: { readonly step: number; readonly value: number }): void;
  /** Writes what is not written yet. */
  close(): void;
}

/** A backend that can be started: what `--backend` names. */
export interface Backend {
  readonly name: string;
  /** What a process in which it is to start is given of its environment, where the user has set nothing of that name. */
  readonly processEnvironment?: { readonly [variable: string]: string };
  start(options?: BackendOptions): Promise<Engine>;
}

/** How a backend is started. */
export interface BackendOptions {
  /** @default the GPU where there is one that the library can use, else the CPU; named, it is that or an error */
  readonly device?: "cpu" | "gpu";
  /** Threads of one operation. @default all cores */
  readonly threads?: number;
  /** Told what is fetched and what is in use. */
  readonly note?: (message: string) => void;
}

/** What a new process for a backend's engine is given beside the environment of this one. */
export const processEnvironment = ({ processEnvironment = {} }: Backend): { [variable: string]: string } =>
  Object.fromEntries(Object.entries(processEnvironment).filter(([name]) => Deno.env.get(name) === undefined));

let current: Engine | undefined;

/** The engine in use. */
export function engine(): Engine {
  if (!current) throw new Error("No engine runs yet: `useEngine(await tensorflow.start())` starts one.");
  return current;
}

/** Makes an engine the one in use; TensorFlow.js computes with it from here on. */
export function useEngine(started: Engine): Engine {
  current = started;
  // It takes effect at once: an engine's kernels are registered and ready when it has started.
  if (tf.getBackend() !== started.name) void tf.setBackend(started.name);
  return started;
}

/** `½ Σ x²` over all numbers of a tensor; it has no gradient. */
export const l2Loss = (tensor: tf.Tensor): tf.Scalar =>
  engine().l2Loss?.(tensor) ?? tf.mul(0.5, tf.sum(tf.square(tensor)));

/** `√Σ‖x‖²` over all numbers of tensors; it has no gradient. */
export const globalNorm = (tensors: readonly tf.Tensor[]): tf.Scalar =>
  tf.sqrt(tf.mul(2, tf.addN(tensors.map(l2Loss))));

/**
 * The singular vectors `u [rows, k]` and `v [columns, k]` with their signs chosen: in each column of `u` the first entry
 * of (almost) largest size is positive. Almost, so that rounding does not decide between entries of equal size.
 */
export function fixSigns(u: tf.Tensor2D, v: tf.Tensor2D): { u: tf.Tensor2D; v: tf.Tensor2D } {
  return tf.tidy(() => {
    const size = tf.abs(tf.transpose(u)); // rows of it lie together
    const large = tf.greaterEqual(size, tf.mul(tf.max(size, 1, true), 0.999));
    const first = tf.argMax(tf.cast(large, "int32"), 1); // [k]
    const [, width] = u.shape;
    const places = tf.add(tf.mul(first, tf.scalar(width, "int32")), tf.range(0, width, 1, "int32"));
    const lead = tf.gather(tf.reshape(u, [-1]), places);
    const sign = tf.sub(tf.mul(2, tf.cast(tf.greaterEqual(lead, 0), "float32")), 1); // never 0
    return { u: tf.mul(u, sign), v: tf.mul(v, sign) };
  });
}
