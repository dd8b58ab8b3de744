/**
 * Kernels that make tensors of nothing but numbers.
 *
 * @module
 */
import { tf } from "@opf/framework";
import type { KernelDefinition, Kernels } from "./kernel.ts";
import { LazyNode } from "../_stablehlo/node.ts";
import { binary, iota, splat } from "../_stablehlo/elementwise.ts";
import { broadcastInDim } from "../_stablehlo/movement.ts";
import { elementType } from "../_stablehlo/types.ts";

const range: KernelDefinition = (_, { start, stop, step, dtype }) => {
  const [from, to] = [start, stop] as [number, number];
  const by = to < from && step === 1 ? -1 : step as number; // as TensorFlow.js counts down
  const type = elementType((dtype ?? "float32") as string);
  const shape = [Math.max(0, Math.ceil((to - from) / by))];
  const places = iota(type, shape);
  const scaled = by === 1 ? places : binary("multiply", places, splat(by, type, shape));
  return from === 0 ? scaled : binary("add", scaled, splat(from, type, shape));
};

const linSpace: KernelDefinition = (_, { start, stop, num }) => {
  const [from, to, count] = [start, stop, num] as [number, number, number];
  const step = count > 1 ? (to - from) / (count - 1) : 0;
  const values = Float32Array.from({ length: count }, (_, index) => from + index * step);
  return new LazyNode({ type: "f32", shape: [count], values });
};

// The number is an argument of programs, not a part of them: another one needs no other program.
const fill: KernelDefinition = (_, { shape, value, dtype }) => {
  const type = elementType((dtype ?? tf.util.inferDtype(value as number)) as string);
  if (value === 0 || value === 1) return splat(value, type, shape as number[]);
  const values = type === "f32"
    ? Float32Array.of(value as number)
    : type === "i32"
    ? Int32Array.of(value as number)
    : Uint8Array.of(value ? 1 : 0);
  return broadcastInDim(new LazyNode({ type, shape: [], values }), shape as number[], []);
};

/** Kernels without tensors to begin with, or of which only the shape counts. */
export const SOURCES: Kernels = {
  [tf.Range]: range,
  [tf.LinSpace]: linSpace,
  [tf.Fill]: fill,
  [tf.ZerosLike]: ({ x }) => splat(0, x!.type, x!.shape),
  [tf.OnesLike]: ({ x }) => splat(1, x!.type, x!.shape),
};
