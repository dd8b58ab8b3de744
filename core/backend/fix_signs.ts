/**
 * The signs of singular vectors, which the decomposition leaves open.
 *
 * @module
 */
import * as tf from "./tf.ts";

/**
 * The singular vectors `u [rows, k]` and `v [columns, k]` with fixed signs: in each column of `u` the first entry of
 * (almost) largest magnitude becomes positive. Almost, so that rounding does not decide between entries of equal magnitude.
 */
export function fixSigns(u: tf.Tensor2D, v: tf.Tensor2D): { u: tf.Tensor2D; v: tf.Tensor2D } {
  return tf.tidy(() => {
    const magnitude = tf.abs(tf.transpose(u)); // [k, rows]
    const isLarge = tf.greaterEqual(magnitude, tf.mul(tf.max(magnitude, 1, true), 0.999));
    const first = tf.argMax(tf.cast(isLarge, "int32"), 1); // [k]
    const k = u.shape[1];
    const flatIndex = tf.add(tf.mul(first, tf.scalar(k, "int32")), tf.range(0, k, 1, "int32"));
    const leading = tf.gather(tf.reshape(u, [-1]), flatIndex);
    const sign = tf.sub(tf.mul(2, tf.cast(tf.greaterEqual(leading, 0), "float32")), 1); // never 0
    return { u: tf.mul(u, sign), v: tf.mul(v, sign) };
  });
}
