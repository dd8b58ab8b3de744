/**
 * The layers that transformers are made of, as fused kernels over rows `[batch · length, width]`.
 *
 * @module
 */
import { fused, kernel, memoize, tf } from "@opf/framework";

/** `x · Wᵀ` for `x [rows, in]` and a weight stored `[out, in]`. */
export function project(x: tf.Tensor, weight: tf.Tensor): tf.Tensor2D {
  const times = (x: tf.Tensor, weight: tf.Tensor): tf.Tensor2D =>
    tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D, false, true);
  const [out, width] = weight.shape as [number, number];
  if (out >= width || x.shape[0]! < MANY_ROWS) return times(x, weight);
  const apply = tf.customGrad((...args) => {
    const [x, weight, save] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    save([x, weight]);
    return {
      value: times(x, weight),
      gradFunc: (slope: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, weight] = saved as [tf.Tensor2D, tf.Tensor2D];
        return [tf.matMul(slope as tf.Tensor2D, weight), tf.transpose(tf.matMul(x, slope as tf.Tensor2D, true))];
      },
    };
  });
  return apply(x, weight) as tf.Tensor2D;
}

// A sum over many rows whose result is low and wide runs a tenth slower than the high and narrow one, which is then turned.
const MANY_ROWS = 1024;

/** The sum of all rows: as a product, which takes a third of the time of the library's sum. */
export const sumOfRows = (x: tf.Tensor): tf.Tensor1D =>
  tf.reshape(tf.matMul(tf.ones([1, x.shape[0]!]), x as tf.Tensor2D), [-1]);

// Of each row, `[rows, 1]`; a product as well.
const means = (x: tf.Tensor): tf.Tensor2D => {
  const width = x.shape[1]!;
  return tf.matMul(x as tf.Tensor2D, tf.fill([width, 1], 1 / width) as tf.Tensor2D);
};

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
export const biasActivation = memoize((activation: string) =>
  fused((x, bias) => ACTIVATIONS[activation]!(tf.add(x!, bias!)), { name: `bias_${activation}` })
);

/** Dropout with a mask of what stays; without a mask, `x`. */
export const drop = (x: tf.Tensor, mask: tf.Tensor | undefined, rate: number): tf.Tensor =>
  mask ? tf.mul(x, tf.mul(tf.cast(mask, "float32"), 1 / (1 - rate))) : x;

/** Mean of each row and `1 / √(variance + ε)`, `[rows, 1]`; the variance is the biased one of LayerNorm. */
function meanAndInverse(x: tf.Tensor, epsilon: number): { mean: tf.Tensor2D; inverse: tf.Tensor2D } {
  const mean = means(x);
  return { mean, inverse: tf.rsqrt(tf.add(means(tf.square(tf.sub(x, mean))), epsilon)) };
}

/** `dropout(LayerNorm(x))`: arguments x, scale, shift[, mask]. */
export const normDropout = memoize((rate: number, epsilon: number) =>
  fused((x, scale, shift, mask) => {
    const { mean, inverse } = meanAndInverse(x!, epsilon);
    return drop(tf.add(tf.mul(tf.mul(tf.sub(x!, mean), inverse), scale!), shift!), mask, rate);
  }, { name: "norm_dropout" })
);

/**
 * `LayerNorm(residual + dropout(x + bias))`: arguments x, bias, residual, scale, shift[, mask]. Its gradient is written by
 * hand (Ba et al. 2016): with `n` the normalised rows and `s` the slope times the scale, the sum's slope is
 * `(s − mean(s) − n · mean(s · n)) / deviation`.
 */
export const dropoutResidualNorm = memoize((rate: number, epsilon: number) => {
  // XLA makes one loop of results that share nothing but what they read; so what two of them need is said in two ways.
  const forward = kernel((x, bias, residual, scale, shift, mask) => {
    const sum = tf.add(residual!, drop(tf.add(x!, bias!), mask, rate));
    const { mean, inverse } = meanAndInverse(sum, epsilon);
    const shifts = tf.mul(mean, inverse);
    const scaled = tf.mul(tf.mul(sum, scale!), inverse);
    return [
      tf.add(scaled, tf.sub(shift!, tf.mul(shifts, scale!))),
      tf.sub(tf.mul(sum, inverse), shifts),
      inverse,
    ];
  }, { name: "dropout_residual_norm" });
  const backward = kernel((slope, normal, inverse, scale, mask) => {
    const width = scale!.shape[0]!;
    const column = tf.reshape(tf.div(scale!, width), [width, 1]) as tf.Tensor2D;
    const ofScale = tf.mul(slope!, normal!);
    const mean = tf.matMul(slope as tf.Tensor2D, column);
    const along = tf.matMul(ofScale as tf.Tensor2D, column);
    const ofSum = tf.mul(tf.sub(tf.mul(slope!, scale!), tf.add(tf.mul(normal!, along), mean)), inverse!);
    const scaled = tf.mul(tf.mul(slope!, inverse!), scale!);
    const taken = tf.add(tf.mul(normal!, tf.mul(along, inverse!)), tf.mul(mean, inverse!));
    const ofX = mask ? drop(tf.sub(scaled, taken), mask, rate) : ofSum;
    return [ofX, sumOfRows(ofX), ofSum, sumOfRows(ofScale), sumOfRows(slope!)];
  }, { name: "dropout_residual_norm_gradient" });
  return (x: tf.Tensor, bias: tf.Tensor, residual: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor, mask?: tf.Tensor) => {
    const drops = mask ? [mask] : [];
    const apply = tf.customGrad((...args) => {
      const save = args.pop() as tf.GradSaveFunc;
      const given = args as tf.Tensor[];
      const [value, normal, inverse] = forward(...given, ...drops);
      save([normal!, inverse!, given[3]!, ...drops]);
      return {
        value: value!,
        gradFunc: (slope: tf.Tensor, saved: tf.Tensor[]) => backward(slope, ...saved),
      };
    });
    return apply(x, bias, residual, scale, shift);
  };
});

/** `dropout(tanh(x + bias))`: arguments x, bias[, mask]. */
export const biasTanhDropout = memoize((rate: number) =>
  fused((x, bias, mask) => drop(tf.tanh(tf.add(x!, bias!)), mask, rate), { name: "bias_tanh_dropout" })
);
