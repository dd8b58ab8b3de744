/**
 * The layers that transformers are made of, over rows `[batch · length, width]`.
 *
 * @module
 */
import { fused, memoize, tf } from "@opf/framework";
import { drop, type Dropout } from "../_kernels/dropout.ts";

/** `x · Wᵀ` for `x [rows, in]` and a weight stored `[out, in]`: `[rows, out]`. */
export const linear = (x: tf.Tensor, weight: tf.Tensor): tf.Tensor2D =>
  tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D, false, true);

/** Rows of `table [entries, width]` at `ids [count]`; the gradient is scattered, not multiplied out. */
export function embed(table: tf.Tensor, ids: tf.Tensor): tf.Tensor2D {
  const [entries] = table.shape as [number, number];
  const lookup = tf.customGrad((...args) => {
    const [values, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    save([ids]);
    return {
      value: tf.gather(values, ids as tf.Tensor1D),
      gradFunc: (gradient: tf.Tensor, saved: tf.Tensor[]) =>
        tf.unsortedSegmentSum(gradient, saved[0] as tf.Tensor1D, entries),
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
  tanh: tf.tanh,
};

/** `dropout(activation(x + bias))` for `x [rows, width]`, as one kernel. */
export function biasActivation(
  x: tf.Tensor,
  { bias, activation, dropout }: {
    readonly bias: tf.Tensor;
    /** A key of {@linkcode ACTIVATIONS}. */
    readonly activation: string;
    readonly dropout?: Dropout | undefined;
  },
): tf.Tensor {
  return biasActivationDropout(activation, dropout?.rate ?? 0)(x, bias, ...dropout ? [dropout.mask] : []);
}

const biasActivationDropout = memoize((activation: string, rate: number) =>
  fused((x, bias, mask) => drop(ACTIVATIONS[activation]!(tf.add(x!, bias!)), mask && { mask, rate }), {
    name: `bias_${activation}_dropout`,
  })
);
