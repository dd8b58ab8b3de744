/**
 * Layer normalization (Ba et al. 2016) of rows: the equation, and fused kernels with what stands around it.
 *
 * @module
 */
import { fused, kernel, memoize, tf } from "@opf/framework";
import { drop, type Dropout } from "./dropout.ts";
import { sumOfRows } from "./sum_of_rows.ts";

/** Scale and shift of a normalization, `[width]` each, and what is added to the variance. */
export interface LayerNormOptions {
  readonly gamma: tf.Tensor;
  readonly beta: tf.Tensor;
  readonly epsilon: number;
}

/** Options of {@linkcode residualNorm}. */
export interface ResidualNormOptions extends LayerNormOptions {
  /** `[width]` */
  readonly bias: tf.Tensor;
  /** `[rows, width]` */
  readonly residual: tf.Tensor;
  readonly dropout?: Dropout | undefined;
}

/** `γ · (x − mean) / √(variance + ε) + β` for each row of `x [rows, width]`; the variance is the biased one. */
export function layerNorm(x: tf.Tensor, { gamma, beta, epsilon }: LayerNormOptions): tf.Tensor {
  const { mean, inverse } = meanAndInverse(x, epsilon);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), inverse), gamma), beta);
}

// Mean of each row and `1 / √(variance + ε)`, `[rows, 1]`.
function meanAndInverse(x: tf.Tensor, epsilon: number): { mean: tf.Tensor2D; inverse: tf.Tensor2D } {
  const mean = means(x);
  return { mean, inverse: tf.rsqrt(tf.add(means(tf.square(tf.sub(x, mean))), epsilon)) };
}

// A product with a column runs faster than a sum within a kernel.
const means = (x: tf.Tensor): tf.Tensor2D => {
  const width = x.shape[1]!;
  return tf.matMul(x as tf.Tensor2D, tf.fill([width, 1], 1 / width) as tf.Tensor2D);
};

/** `dropout(layerNorm(x))` as one kernel. */
export function fusedNormDropout(
  x: tf.Tensor,
  { gamma, beta, epsilon, dropout }: LayerNormOptions & { readonly dropout?: Dropout | undefined },
): tf.Tensor {
  return normDropout(epsilon, dropout?.rate ?? 0)(x, gamma, beta, ...dropout ? [dropout.mask] : []);
}

const normDropout = memoize((epsilon: number, rate: number) =>
  fused(
    (x, gamma, beta, mask) => drop(layerNorm(x!, { gamma: gamma!, beta: beta!, epsilon }), mask && { mask, rate }),
    { name: "norm_dropout" },
  )
);

/** `layerNorm(residual + dropout(x + bias))` for `x [rows, width]`: how a block ends that normalizes after the residual. */
export function residualNorm(x: tf.Tensor, { bias, residual, dropout, ...norm }: ResidualNormOptions): tf.Tensor {
  return layerNorm(tf.add(residual, drop(tf.add(x, bias), dropout)), norm);
}

/**
 * The same as {@linkcode residualNorm}. The gradient is written by hand: with normalized rows `n` and the output's gradient
 * times gamma, `g`, the sum's gradient is `(g − mean(g) − n · mean(g · n)) / √(variance + ε)`.
 */
export function fusedResidualNorm(
  x: tf.Tensor,
  { bias, residual, gamma, beta, epsilon, dropout }: ResidualNormOptions,
): tf.Tensor {
  const { forward, backward } = residualNormKernels(epsilon, dropout?.rate ?? 0);
  const masks = dropout ? [dropout.mask] : [];
  const apply = tf.customGrad((...args) => {
    const save = args.pop() as tf.GradSaveFunc;
    const inputs = args as tf.Tensor[];
    const [value, normalized, inverse] = forward(...inputs, ...masks) as [tf.Tensor, tf.Tensor, tf.Tensor];
    save([normalized, inverse, inputs[3]!, ...masks]);
    return { value, gradFunc: (gradient: tf.Tensor, saved: tf.Tensor[]) => backward(gradient, ...saved) };
  });
  return apply(x, bias, residual, gamma, beta);
}

const residualNormKernels = memoize((epsilon: number, rate: number) => {
  const dropped = (x: tf.Tensor, mask: tf.Tensor | undefined) => drop(x, mask && { mask, rate });
  // XLA makes one loop of outputs that share nothing but their inputs, so two of them compute what they share separately.
  const forward = kernel((x, bias, residual, gamma, beta, mask) => {
    const sum = tf.add(residual!, dropped(tf.add(x!, bias!), mask));
    const { mean, inverse } = meanAndInverse(sum, epsilon);
    const shift = tf.mul(mean, inverse);
    const scaled = tf.mul(tf.mul(sum, gamma!), inverse);
    return [
      tf.add(scaled, tf.sub(beta!, tf.mul(shift, gamma!))),
      tf.sub(tf.mul(sum, inverse), shift),
      inverse,
    ];
  }, { name: "residual_norm" });
  const backward = kernel((gradient, normalized, inverse, gamma, mask) => {
    const width = gamma!.shape[0]!;
    const column = tf.reshape(tf.div(gamma!, width), [width, 1]) as tf.Tensor2D;
    const ofGamma = tf.mul(gradient!, normalized!);
    const mean = tf.matMul(gradient as tf.Tensor2D, column);
    const along = tf.matMul(ofGamma as tf.Tensor2D, column);
    const ofSum = tf.mul(tf.sub(tf.mul(gradient!, gamma!), tf.add(tf.mul(normalized!, along), mean)), inverse!);
    const scaled = tf.mul(tf.mul(gradient!, inverse!), gamma!);
    const subtracted = tf.add(tf.mul(normalized!, tf.mul(along, inverse!)), tf.mul(mean, inverse!));
    const ofX = mask ? dropped(tf.sub(scaled, subtracted), mask) : ofSum;
    return [ofX, sumOfRows(ofX), ofSum, sumOfRows(ofGamma), sumOfRows(gradient!)];
  }, { name: "residual_norm_gradient" });
  return { forward, backward };
});
