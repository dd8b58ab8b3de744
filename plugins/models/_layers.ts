/**
 * The layers that transformers are made of, as fused kernels over rows `[batch · length, width]`.
 *
 * @module
 */
import { fused, kernel, remembered, tf } from "@opf/framework";

/** Reads each parameter by its name. */
export type Parameters = (name: string) => tf.Tensor;

/** `x · Wᵀ` for `x [rows, in]` and a weight stored `[out, in]`. */
export const project = (x: tf.Tensor, weight: tf.Tensor): tf.Tensor2D =>
  tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D, false, true);

// As products, which take a third of the time of the library's sums, and less than those in a kernel.
const sumOfRows = (x: tf.Tensor2D): tf.Tensor1D => tf.reshape(tf.matMul(tf.ones([1, x.shape[0]]), x), [-1]);
const meansOfColumns = (x: tf.Tensor): tf.Tensor2D => {
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
export const biasActivation = remembered((activation: string) =>
  fused((x, bias) => ACTIVATIONS[activation]!(tf.add(x!, bias!)), { name: `bias_${activation}` })
);

/** Dropout with a mask of what stays; without a mask, `x`. */
const drop = (x: tf.Tensor, mask: tf.Tensor | undefined, rate: number): tf.Tensor =>
  mask ? tf.mul(x, tf.mul(tf.cast(mask, "float32"), 1 / (1 - rate))) : x;

/** LayerNorm over the last axis, biased variance. */
function normalize(x: tf.Tensor, { scale, shift, epsilon }: { scale: tf.Tensor; shift: tf.Tensor; epsilon: number }) {
  const centred = tf.sub(x, meansOfColumns(x));
  const variance = meansOfColumns(tf.square(centred));
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), scale), shift);
}

/** `dropout(LayerNorm(x))`: arguments x, scale, shift[, mask]. */
export const normDropout = remembered((rate: number, epsilon: number) =>
  fused(
    (x, scale, shift, mask) => drop(normalize(x!, { scale: scale!, shift: shift!, epsilon }), mask, rate),
    { name: "norm_dropout" },
  )
);

/**
 * `LayerNorm(residual + dropout(x + bias))`: arguments x, bias, residual, scale, shift[, mask]. Its gradient is written by
 * hand (Ba et al. 2016): with `n` the normalised rows and `s` the slope times the scale, the sum's slope is
 * `(s − mean(s) − n · mean(s · n)) / deviation`.
 */
export const dropoutResidualNorm = remembered((rate: number, epsilon: number) => {
  // What XLA finds twice it makes once, in a loop of its own: what is written from the same numbers is said in two ways.
  const forward = kernel((x, bias, residual, scale, shift, mask) => {
    const sum = tf.add(residual!, drop(tf.add(x!, bias!), mask, rate));
    const mean = meansOfColumns(sum);
    const inverse = tf.rsqrt(tf.add(meansOfColumns(tf.square(tf.sub(sum, mean))), epsilon));
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
    const ofScale = tf.mul(slope!, normal!) as tf.Tensor2D;
    const mean = tf.matMul(slope as tf.Tensor2D, column);
    const along = tf.matMul(ofScale, column);
    const ofSum = tf.mul(tf.sub(tf.mul(slope!, scale!), tf.add(tf.mul(normal!, along), mean)), inverse!);
    if (!mask) return [ofSum, ofSum, sumOfRows(ofScale), sumOfRows(slope as tf.Tensor2D)];
    const scaled = tf.mul(tf.mul(slope!, inverse!), scale!);
    const taken = tf.add(tf.mul(normal!, tf.mul(along, inverse!)), tf.mul(mean, inverse!));
    const ofX = drop(tf.sub(scaled, taken), mask, rate);
    return [ofSum, ofX, sumOfRows(ofX as tf.Tensor2D), sumOfRows(ofScale), sumOfRows(slope as tf.Tensor2D)];
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
        gradFunc: (slope: tf.Tensor, saved: tf.Tensor[]) => {
          const [ofSum, ofX, ...sums] = backward(slope, ...saved) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor];
          return [ofX, sums[0]!, ofSum, sums[1]!, sums[2]!];
        },
      };
    });
    return apply(x, bias, residual, scale, shift) as tf.Tensor2D;
  };
});

/** `dropout(softmax(factor · scores))` over the last axis, where `seen` (bool): arguments scores, seen[, mask]. */
export const softmaxDropout = remembered((rate: number, factor: number) =>
  fused((scores, seen, mask) => {
    const hidden = tf.mul(tf.sub(tf.cast(seen!, "float32"), 1), 1e9);
    return drop(tf.softmax(tf.add(tf.mul(scores!, factor), hidden)), mask, rate);
  }, { name: "softmax_dropout" })
);

/**
 * Attention of all tokens to all that are `seen` (bool, `[lines, 1, 1, length]`), over `heads` heads: arguments
 * x `[lines · length, 3 · width]`, the products with the three matrices one beside the other, their three biases, seen
 * [, mask of the weights]; gives `[lines · length, width]`. Its gradient is written by hand, so that bias and heads are dealt
 * with once for the three, and exponentials are computed once.
 */
export const selfAttention = remembered((rate: number, factor: number, heads: number) => {
  // [lines · length, 3 · width] to [3, lines, heads, length, size], and back.
  const split = kernel((x, ...more) => {
    const [query, key, value, seen] = more as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const [lines, , , length] = seen.shape as [number, number, number, number];
    const biased = tf.add(x!, tf.concat([query, key, value]));
    return [tf.transpose(tf.reshape(biased, [lines, length, 3, heads, -1]), [2, 0, 3, 1, 4])];
  }, { name: "split_heads" });
  const join = (three: readonly tf.Tensor[], rows: number): tf.Tensor2D =>
    tf.reshape(tf.transpose(tf.stack([...three]), [1, 3, 0, 2, 4]), [rows, -1]);
  const weigh = kernel((scores, seen, mask) => {
    const hidden = tf.mul(tf.sub(tf.cast(seen!, "float32"), 1), 1e9);
    const weights = tf.softmax(tf.add(tf.mul(scores!, factor), hidden));
    return mask ? [weights, drop(weights, mask, rate)] : [weights];
  }, { name: "attention_weights" });
  // Softmax's slope less its mean by the weights, which is the product of the context and its slope (Dao et al. 2022, B.2):
  // a sum over the few numbers of a head and not over all tokens.
  const weighGradient = kernel((slope, weights, ofContext, context, mask) => {
    const mean = tf.sum(tf.mul(ofContext!, context!), -1, true);
    return [tf.mul(tf.mul(weights!, tf.sub(drop(slope!, mask, rate), mean)), factor)];
  }, { name: "attention_weights_gradient" });
  const byHead = (all: tf.Tensor) =>
    [0, 1, 2].map((at) => {
      const [, ...shape] = all.shape as [number, number, number, number, number];
      return tf.reshape(tf.slice(all, [at, 0, 0, 0, 0], [1, ...shape]), shape) as tf.Tensor4D;
    }) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];

  const attendWithin = (x: tf.Tensor, biases: readonly tf.Tensor[], { seen, mask }: Sight): tf.Tensor2D => {
    const attend = tf.customGrad((...args) => {
      const save = args.pop() as tf.GradSaveFunc;
      const [x, ...biases] = args as tf.Tensor[];
      const [rows, threeWidths] = x!.shape as [number, number];
      const all = split(x!, ...biases, seen)[0]!;
      const [query, key, value] = byHead(all);
      const [weights, dropped = weights] = weigh(tf.matMul(query, key, false, true), seen, ...mask ? [mask] : []);
      const context = tf.matMul(dropped as tf.Tensor4D, value);
      save([all, weights!, dropped!, context, ...mask ? [mask] : []]);
      return {
        value: tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [rows, threeWidths / 3]),
        gradFunc: (slope: tf.Tensor, saved: tf.Tensor[]) => {
          const [all, weights, dropped, context, ...drops] = saved as [tf.Tensor, tf.Tensor, tf.Tensor4D, tf.Tensor];
          const [query, key, value] = byHead(all);
          const [lines, , length, size] = query.shape;
          const ofContext = tf.transpose(tf.reshape(slope, [lines, length, heads, size]), [0, 2, 1, 3]) as tf.Tensor4D;
          const ofWeights = tf.matMul(ofContext, value, false, true);
          const [ofScores] = weighGradient(ofWeights, weights, ofContext, context, ...drops) as [tf.Tensor4D];
          const three = [
            tf.matMul(ofScores, key),
            tf.matMul(ofScores, query, true),
            tf.matMul(dropped, ofContext, true),
          ];
          const ofX = join(three, rows);
          return [ofX, ...tf.split(sumOfRows(ofX), 3)];
        },
      };
    });
    return attend(x, ...biases) as tf.Tensor2D;
  };

  return (x: tf.Tensor, biases: readonly tf.Tensor[], { seen, mask }: Sight): tf.Tensor2D => {
    const [lines, , , length] = seen.shape as [number, number, number, number];
    const parts = partsOf(lines, heads * length * length);
    if (parts === 1) return attendWithin(x, biases, { seen, mask });
    const [seens, masks] = [tf.split(seen, parts), mask && tf.split(mask, parts)];
    const contexts = tf.split(x, parts).map((some, at) =>
      attendWithin(some, biases, { seen: seens[at]!, mask: masks?.[at] })
    );
    return tf.concat(contexts) as tf.Tensor2D;
  };
});

/** Who is seen (bool, `[lines, 1, 1, length]`), and which weights stay (bool, `[lines, heads, length, length]`). */
interface Sight {
  readonly seen: tf.Tensor;
  readonly mask?: tf.Tensor | undefined;
}

// Lines are dealt with in equal parts whose weights stay in a processor's cache, where they can be divided so.
function partsOf(lines: number, weightsOfLine: number): number {
  let parts = 1;
  while (lines % (2 * parts) === 0 && lines / parts * weightsOfLine > 2 ** 20) parts *= 2;
  return parts;
}

/** `dropout(tanh(x + bias))`: arguments x, bias[, mask]. */
export const biasTanhDropout = remembered((rate: number) =>
  fused((x, bias, mask) => drop(tf.tanh(tf.add(x!, bias!)), mask, rate), { name: "bias_tanh_dropout" })
);
