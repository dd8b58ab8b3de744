/**
 * The norm of several tensors taken as one vector.
 *
 * @module
 */
import * as tf from "./tf.ts";

/** `√Σ‖x‖²` over all elements of the tensors. */
export const globalNorm = (tensors: readonly tf.Tensor[]): tf.Scalar =>
  tf.sqrt(tf.addN(tensors.map((tensor) => tf.sum<tf.Scalar>(tf.square(tensor)))));
