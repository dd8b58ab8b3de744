/**
 * Root mean square normalization (Zhang & Sennrich 2019) of rows.
 *
 * @module
 */
import { fused, memoize, tf } from "@opf/framework";

/** `γ · x / √(mean(x²) + ε)` for each row of `x [rows, width]`. */
export function rmsNorm(
  x: tf.Tensor,
  { gamma, epsilon }: { readonly gamma: tf.Tensor; readonly epsilon: number },
): tf.Tensor {
  const meanSquare = tf.mean(tf.square(x), -1, true);
  return tf.mul(gamma, tf.mul(x, tf.rsqrt(tf.add(meanSquare, epsilon))));
}

/** The same as {@linkcode rmsNorm}, as one kernel. */
export const fusedRmsNorm: typeof rmsNorm = (x, { gamma, epsilon }) => rmsNormKernel(epsilon)(x, gamma);

const rmsNormKernel = memoize((epsilon: number) =>
  fused((x, gamma) => rmsNorm(x!, { gamma: gamma!, epsilon }), { name: "rms_norm" })
);
