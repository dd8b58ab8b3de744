/**
 * Matrices and distances for tests.
 *
 * @module
 */
import { RandomKey, tf } from "@opf/framework";

/** A matrix `[rows, columns]` of uniform numbers between −1 and 1, determined by the seed. */
export function matrix(rows: number, columns: number, seed = 1): tf.Tensor2D {
  const values = RandomKey.of(seed).fold(rows).fold(columns).uniforms(rows * columns).map((value) => 2 * value - 1);
  return tf.tensor2d(values, [rows, columns]);
}

/** A matrix of at most the given rank. */
export const ofRank = (rank: number, rows: number, columns: number): tf.Tensor2D =>
  tf.matMul(matrix(rows, rank, 2), matrix(rank, columns, 3));

/** Frobenius norm. */
export const norm = (tensor: tf.Tensor): number => tf.tidy(() => tf.norm(tensor).dataSync()[0]!);

/** `‖a − b‖ / ‖b‖`, or `‖a‖` if b is zero. */
export const distance = (a: tf.Tensor, b: tf.Tensor): number => tf.tidy(() => norm(tf.sub(a, b)) / (norm(b) || 1));

/** The largest absolute difference between two tensors of equal shape. */
export const gap = (a: tf.Tensor, b: tf.Tensor | tf.TensorLike): number =>
  tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!);
