/**
 * StableHLO's text of types and literals.
 *
 * @module
 */
import type { ElementType } from "../_pjrt/buffer.ts";

/** `tensor<2x3xf32>`. */
export const typeText = ({ type, shape }: { readonly type: ElementType; readonly shape: readonly number[] }): string =>
  `tensor<${shape.map((extent) => `${extent}x`).join("")}${type}>`;

/** A number as a literal, to its last bit. */
export function literal(value: number, type: ElementType): string {
  if (type === "i1") return value ? "true" : "false";
  if (type === "f32") {
    const bits = new Uint32Array(Float32Array.of(value).buffer)[0]!;
    return `0x${bits.toString(16).padStart(8, "0").toUpperCase()}`;
  }
  // Beyond its range the nearest integer: the bounds of a clip may be infinite.
  return type === "i32" ? `${Math.trunc(Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value))) || 0}` : `${value}`;
}

/**
 * Checks what operands have to fulfil, where the operation is recorded: XLA refuses the program only when a value is read.
 *
 * @throws {TypeError} unless the condition holds; the kernel's name and operands are put before its message
 */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new TypeError(message);
}

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((extent, axis) => extent === b[axis]);
