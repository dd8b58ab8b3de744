/**
 * Attention, as fused kernels and products.
 *
 * @module
 */
import { fused, kernel, memoize, tf } from "@opf/framework";
import { drop, sumOfRows } from "./_layers.ts";

/** Who is seen (bool, `[lines, 1, 1, length]`), and which weights stay (bool, `[lines, heads, length, length]`). */
interface Sight {
  readonly seen: tf.Tensor;
  readonly mask?: tf.Tensor | undefined;
}

// What is added to scores, so that who is not seen has no weight.
const hidden = (seen: tf.Tensor): tf.Tensor => tf.mul(tf.sub(tf.cast(seen, "float32"), 1), 1e9);

/** `dropout(softmax(factor · scores))` over the last axis, where `seen` (bool): arguments scores, seen[, mask]. */
export const softmaxDropout = memoize((rate: number, factor: number) =>
  fused((scores, seen, mask) => drop(tf.softmax(tf.add(tf.mul(scores!, factor), hidden(seen!))), mask, rate), {
    name: "softmax_dropout",
  })
);

/**
 * Attention of all tokens to all that are `seen`, over `heads` heads: arguments x `[lines · length, 3 · width]`, the
 * products with the three matrices one beside the other, their three biases, who is seen and which weights stay; gives
 * `[lines · length, width]`. Its gradient is written by hand, so that bias and heads are dealt with once for the three, and
 * exponentials are computed once.
 */
export const selfAttention = memoize((rate: number, factor: number, heads: number) => {
  const attend = attentionWithin(rate, factor, heads);
  return (x: tf.Tensor, biases: readonly tf.Tensor[], { seen, mask }: Sight): tf.Tensor2D => {
    const [lines, , , length] = seen.shape as [number, number, number, number];
    const parts = partsOf(lines, heads * length * length);
    if (parts === 1) return attend(x, biases, { seen, mask });
    const [seens, masks] = [tf.split(seen, parts), mask && tf.split(mask, parts)];
    const contexts = tf.split(x, parts).map((some, at) =>
      attend(some, biases, { seen: seens[at]!, mask: masks?.[at] })
    );
    return tf.concat(contexts) as tf.Tensor2D;
  };
});

// Lines are dealt with in equal parts whose weights stay in a processor's cache, where they can be divided so.
function partsOf(lines: number, weightsOfLine: number): number {
  let parts = 1;
  while (lines % (2 * parts) === 0 && lines / parts * weightsOfLine > 2 ** 21) parts *= 2;
  return parts;
}

// Attention of lines that are dealt with together.
const attentionWithin = memoize((rate: number, factor: number, heads: number) => {
  // [lines · length, 3 · width] to [3, lines, heads, length, size], and back.
  const split = kernel((x, ...more) => {
    const [query, key, value, seen] = more as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const [lines, , , length] = seen.shape as [number, number, number, number];
    const biased = tf.add(x!, tf.concat([query, key, value]));
    return [tf.transpose(tf.reshape(biased, [lines, length, 3, heads, -1]), [2, 0, 3, 1, 4])];
  }, { name: "split_heads" });
  // Weights before and after dropout are divided each for itself, so that XLA makes one loop of the two.
  const attend = kernel((query, key, value, seen, mask) => {
    const [lines, , length] = query!.shape as [number, number, number];
    const products = tf.matMul(query as tf.Tensor4D, key as tf.Tensor4D, false, true);
    const scores = tf.add(tf.mul(products, factor), hidden(seen!));
    const powers = tf.exp(tf.sub(scores, tf.max(scores, -1, true)));
    const sums = tf.sum(powers, -1, true);
    const weights = tf.div(powers, sums) as tf.Tensor4D;
    const dropped = mask ? tf.div(drop(powers, mask, rate), sums) as tf.Tensor4D : weights;
    const context = tf.matMul(dropped, value as tf.Tensor4D);
    const rows = tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [lines * length, -1]);
    return [rows, context, weights, ...mask ? [dropped] : []];
  }, { name: "attention" });
  const byHead = (all: tf.Tensor) =>
    [0, 1, 2].map((at) => {
      const [, ...shape] = all.shape as [number, number, number, number, number];
      return tf.reshape(tf.slice(all, [at, 0, 0, 0, 0], [1, ...shape]), shape) as tf.Tensor4D;
    }) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const join = (three: readonly tf.Tensor[], rows: number): tf.Tensor2D =>
    tf.reshape(tf.transpose(tf.stack([...three]), [1, 3, 0, 2, 4]), [rows, -1]);
  // Softmax's slope less its mean by the weights, which is the product of the context and its slope (Dao et al. 2022, B.2):
  // a sum over the few numbers of a head and not over all tokens.
  const weighGradient = kernel((slope, weights, ofContext, context, mask) => {
    const mean = tf.sum(tf.mul(ofContext!, context!), -1, true);
    return [tf.mul(tf.mul(weights!, tf.sub(drop(slope!, mask, rate), mean)), factor)];
  }, { name: "attention_weights_gradient" });

  return (x: tf.Tensor, biases: readonly tf.Tensor[], { seen, mask }: Sight): tf.Tensor2D => {
    const apply = tf.customGrad((...args) => {
      const save = args.pop() as tf.GradSaveFunc;
      const [x, ...biases] = args as tf.Tensor[];
      const [rows] = x!.shape as [number, number];
      const drops = mask ? [mask] : [];
      const all = split(x!, ...biases, seen)[0]!;
      const [value, context, weights, dropped = weights] = attend(...byHead(all), seen, ...drops);
      save([all, context!, weights!, dropped!, ...drops]);
      return {
        value: value!,
        gradFunc: (slope: tf.Tensor, saved: tf.Tensor[]) => {
          const [all, context, weights, dropped, ...drops] = saved as [tf.Tensor, ...tf.Tensor4D[]];
          const [query, key, value] = byHead(all);
          const [lines, , length, size] = query!.shape;
          const ofContext = tf.transpose(tf.reshape(slope, [lines, length, heads, size]), [0, 2, 1, 3]) as tf.Tensor4D;
          const ofWeights = tf.matMul(ofContext, value!, false, true);
          const [ofScores] = weighGradient(ofWeights, weights!, ofContext, context!, ...drops) as [tf.Tensor4D];
          const three = [
            tf.matMul(ofScores, key!),
            tf.matMul(ofScores, query!, true),
            tf.matMul(dropped!, ofContext, true),
          ];
          const ofX = join(three, rows);
          return [ofX, ...tf.split(sumOfRows(ofX), 3)];
        },
      };
    });
    return apply(x, ...biases) as tf.Tensor2D;
  };
});
