/**
 * The layers that transformers are made of, as fused kernels over rows `[batch · length, width]`.
 *
 * @module
 */
import { fused, tf } from "@opf/framework";

/** Reads each parameter by its name. */
export type Parameters = (name: string) => tf.Tensor;

/** `x · Wᵀ` for `x [rows, in]` and a weight stored `[out, in]`. */
export const project = (x: tf.Tensor, weight: tf.Tensor): tf.Tensor2D =>
  tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D, false, true);

/** Rows of `table [entries, width]` at `ids [count]`; the gradient is scattered, not multiplied out. */
export function embed(table: tf.Tensor, ids: tf.Tensor): tf.Tensor2D {
  const [entries] = table.shape as [number, number];
  const lookup = tf.customGrad((...args) => {
    const [values, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    save([ids]);
    return {
      value: tf.gather(values, ids as tf.Tensor1D),
      gradFunc: (slope: tf.Tensor, saved: tf.Tensor[]) =>
        tf.unsortedSegmentSum(slope, saved[0] as tf.Tensor1D, entries),
    };
  });
  return lookup(table) as tf.Tensor2D;
}

/** Activations by their names in `config.json` (`hidden_act`). */
export const ACTIVATIONS: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  gelu_new: (x) =>
    tf.mul(
      tf.mul(x, 0.5),
      tf.add(tf.tanh(tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), Math.sqrt(2 / Math.PI))), 1),
    ),
  relu: tf.relu,
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
};

/** `activation(x + bias)`, for `x [rows, width]`. */
export const biasActivation = remembered((activation: string) =>
  fused((x, bias) => ACTIVATIONS[activation]!(tf.add(x!, bias!)), { name: `bias_${activation}` })
);

/** Dropout with a mask of what stays; without a mask, `x`. */
const drop = (x: tf.Tensor, mask: tf.Tensor | undefined, rate: number): tf.Tensor =>
  mask ? tf.mul(x, tf.mul(tf.cast(mask, "float32"), 1 / (1 - rate))) : x;

/** LayerNorm over the last axis, biased variance. */
function normalize(x: tf.Tensor, { scale, shift, epsilon }: { scale: tf.Tensor; shift: tf.Tensor; epsilon: number }) {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), scale), shift);
}

/** `dropout(LayerNorm(x))`: arguments x, scale, shift[, mask]. */
export const normDropout = remembered((rate: number, epsilon: number) =>
  fused(
    (x, scale, shift, mask) => drop(normalize(x!, { scale: scale!, shift: shift!, epsilon }), mask, rate),
    { name: "norm_dropout" },
  )
);

/** `LayerNorm(residual + dropout(x + bias))`: arguments x, bias, residual, scale, shift[, mask]. */
export const dropoutResidualNorm = remembered((rate: number, epsilon: number) =>
  fused((x, bias, residual, scale, shift, mask) => {
    const sum = tf.add(residual!, drop(tf.add(x!, bias!), mask, rate));
    return normalize(sum, { scale: scale!, shift: shift!, epsilon });
  }, { name: "dropout_residual_norm" })
);

/** `dropout(softmax(factor · scores))` over the last axis, where `seen` (bool): arguments scores, seen[, mask]. */
export const softmaxDropout = remembered((rate: number, factor: number) =>
  fused((scores, seen, mask) => {
    const hidden = tf.mul(tf.sub(tf.cast(seen!, "float32"), 1), 1e9);
    return drop(tf.softmax(tf.add(tf.mul(scores!, factor), hidden)), mask, rate);
  }, { name: "softmax_dropout" })
);

/** `dropout(tanh(x + bias))`: arguments x, bias[, mask]. */
export const biasTanhDropout = remembered((rate: number) =>
  fused((x, bias, mask) => drop(tf.tanh(tf.add(x!, bias!)), mask, rate), { name: "bias_tanh_dropout" })
);

// A kernel is compiled once for all models that share its settings.
function remembered<A extends (string | number)[], R>(make: (...settings: A) => R): (...settings: A) => R {
  const made = new Map<string, R>();
  return (...settings) => {
    const key = settings.join();
    let known = made.get(key);
    if (known === undefined) made.set(key, known = make(...settings));
    return known;
  };
}
