/**
 * The trivial factorization.
 *
 * @module
 */
import { type Decomposition, tf } from "@opf/framework";

/** The matrix as its own only factor. */
export const whole: Decomposition = {
  name: "whole",
  options: {},
  plan: (shape) => ({
    shape,
    factorShapes: [shape],
    factorize: (matrix) => [tf.clone(matrix)],
    reconstruct: ([matrix]) => matrix as tf.Tensor2D,
  }),
};
