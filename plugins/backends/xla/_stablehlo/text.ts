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
  return type === "i32" ? `${value | 0}` : `${value}`;
}

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((extent, axis) => extent === b[axis]);
