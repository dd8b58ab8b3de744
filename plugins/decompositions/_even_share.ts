/**
 * Singular values shared evenly between two factors.
 *
 * @module
 */
import { tf } from "@opf/framework";

/**
 * `√s` for singular values `s [k]`. It is bounded from below, so that dividing by it stays finite; the bound cancels in the
 * product of the two factors. For a zero matrix it is 1, so that there is a gradient.
 */
export function evenShare(s: tf.Tensor1D): tf.Tensor1D {
  const largest = tf.max(s);
  const floor = tf.where(tf.greater(largest, 0), tf.mul(largest, 1e-6), tf.onesLike(largest));
  return tf.sqrt(tf.maximum(s, floor));
}
