/**
 * Several tensors as one, where few and large operations are better than many.
 *
 * @module
 */
import * as tf from "../backend/tf.ts";

/** The elements of all tensors, one tensor after another, as a vector; a single tensor as it is. */
export const join = (tensors: readonly tf.Tensor[]): tf.Tensor =>
  tensors.length === 1 ? tensors[0]! : tf.concat(tensors.map((tensor) => tf.reshape(tensor, [-1])));

/** The tensors of these shapes that {@linkcode join} made one. */
export function split(joined: tf.Tensor, shapes: readonly (readonly number[])[]): tf.Tensor[] {
  if (shapes.length === 1) return [joined];
  const sizes = shapes.map((shape) => tf.util.sizeFromShape([...shape]));
  return tf.split(joined, sizes).map((part, index) => tf.reshape(part, [...shapes[index]!]));
}
