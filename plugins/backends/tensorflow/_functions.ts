/**
 * What graphs and functions are made of, as TensorFlow's C API knows it.
 *
 * @module
 */
import { ATTRIBUTE, type Attribute } from "./_attributes.ts";
import type { Metadata } from "./_eager.ts";
import type { Bytes, Pointer } from "./_ffi.ts";

/** A function that TensorFlow knows by name. */
export interface NativeFunction {
  readonly name: string;
  readonly pointer: Pointer;
  /** One kernel, made by XLA. */
  readonly kernel: boolean;
  /** All that it computes. What takes an argument's place is written there, and is not among what a call returns. */
  readonly outputs: readonly FunctionOutput[];
}

/** What a function computes. */
export interface FunctionOutput extends Omit<Metadata, "id"> {
  /** The argument, a variable, that it is written to. */
  readonly donate?: number;
}

/** A value in a graph. */
export interface Output {
  /** {@linkcode outputBytes} */
  readonly bytes: Bytes;
  readonly shape: number[];
  readonly dtype: number;
  /** What it is a reshape of. */
  readonly reshapes?: Output;
}

/** The code depends on values, so it cannot be compiled ahead of them. */
export class UntraceableError extends Error {
  override readonly name = "UntraceableError";
}

/** Marks what XLA must compile. */
export const MUST_COMPILE: Attribute = { name: "_XlaMustCompile", type: ATTRIBUTE.bool, value: true };

/** Outputs side by side, as the C API takes a list of them. */
export const joined = (outputs: readonly Output[]): Bytes => {
  const all = new Uint8Array(16 * outputs.length);
  outputs.forEach(({ bytes }, at) => all.set(bytes, 16 * at));
  return all;
};

/** `TF_Output`: an operation and the number of its output. */
export function outputBytes(operation: Pointer, number: number): Bytes {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(Deno.UnsafePointer.value(operation)), true);
  view.setInt32(8, number, true);
  return bytes;
}

/** A name for a node. */
export const uniqueName = (number: number): Bytes => new TextEncoder().encode(`n${number}\0`);
