/**
 * A frozen matrix with a trained low-rank update.
 *
 * @module
 */
import { type Factorization, type RandomKey, RequestError, tf } from "@opf/framework";

/**
 * The factorization `W₀ + alpha/r · B · A` with factors `W₀ [rows, columns]` (frozen), `B [rows, r]` (zeros) and
 * `A [r, columns]` (uniform in ±1/√columns). The rank `r` is at most the smaller side of the matrix.
 */
export function lowRank(
  [rows, columns]: Factorization["shape"],
  { rank, alpha }: { readonly rank: number; readonly alpha: number },
): Factorization {
  if (!(Number.isInteger(rank) && rank >= 1)) {
    throw new RequestError(`lora({ rank: ${rank} }): expected a positive integer.`);
  }
  const r = Math.min(rank, rows, columns);
  return {
    shape: [rows, columns],
    factorShapes: [[rows, columns], [rows, r], [r, columns]],
    training: [{ frozen: true }, {}, {}],
    factorize: (matrix, { key }) => [tf.clone(matrix), tf.zeros([rows, r]), uniform([r, columns], key)],
    reconstruct: ([base, b, a]) =>
      tf.add(base!, tf.mul(tf.matMul(b as tf.Tensor2D, a as tf.Tensor2D), alpha / rank)) as tf.Tensor2D,
  };
}

function uniform([rows, columns]: readonly [number, number], key: RandomKey): tf.Tensor2D {
  const values = key.fold("A").uniforms(rows * columns).map((value) => (2 * value - 1) / Math.sqrt(columns));
  return tf.tensor2d(values, [rows, columns]);
}
