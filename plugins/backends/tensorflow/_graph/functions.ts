/**
 * Functions and values of graphs, in the form that TensorFlow's C API takes.
 *
 * @module
 */
import { ATTRIBUTE, type Attribute } from "../_c_api/attributes.ts";
import type { Bytes, Pointer } from "../_c_api/ffi.ts";
import type { Metadata } from "../_eager.ts";

/** A function that TensorFlow calls by name. */
export interface NativeFunction {
  readonly name: string;
  readonly pointer: Pointer;
  /** Whether XLA compiles it into one kernel. */
  readonly kernel: boolean;
  /** All its outputs. Those that are written to an argument are not among the values that a call returns. */
  readonly outputs: readonly FunctionOutput[];
}

/** One output of a function. */
export interface FunctionOutput extends Omit<Metadata, "id"> {
  /** Index of the argument, a variable, that it is written to. */
  readonly donate?: number;
}

/** A value in a graph. */
export interface Output {
  /** {@linkcode outputBytes} */
  readonly bytes: Bytes;
  readonly shape: number[];
  readonly dtype: number;
  /** The value that it is a reshape of. */
  readonly reshapes?: Output;
}

/** The code depends on values, so it cannot be compiled before they are known. */
export class UntraceableError extends Error {
  override readonly name = "UntraceableError";
}

/** Marks functions that XLA must compile. */
export const MUST_COMPILE: Attribute = { name: "_XlaMustCompile", type: ATTRIBUTE.bool, value: true };

/** Outputs in consecutive memory, as the C API takes a list of them. */
export const joined = (outputs: readonly Output[]): Bytes => {
  const all = new Uint8Array(16 * outputs.length);
  outputs.forEach(({ bytes }, index) => all.set(bytes, 16 * index));
  return all;
};

/** A `TF_Output`: an operation and the index of one of its outputs. */
export function outputBytes(operation: Pointer, index: number): Bytes {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(Deno.UnsafePointer.value(operation)), true);
  view.setInt32(8, index, true);
  return bytes;
}

/** The name of the `index`-th node. */
export const nodeName = (index: number): Bytes => new TextEncoder().encode(`n${index}\0`);
