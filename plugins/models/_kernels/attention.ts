/**
 * Scaled dot-product attention: the equation, and fused kernels that compute the same.
 *
 * @module
 */
import { kernel, memoize, tf } from "@opf/framework";
import { drop, type Dropout } from "./dropout.ts";

/** Options of {@linkcode attention}; `B`: batch, `H`: heads, `Q`: queries, `K`: keys. */
export interface AttentionOptions {
  /** bool, broadcastable to `[B, H, Q, K]`: true where a query attends to a key. @default everywhere */
  readonly mask?: tf.Tensor | undefined;
  /** Added to the scores, broadcastable to `[B, H, Q, K]`; it has a gradient. @default 0 */
  readonly bias?: tf.Tensor | undefined;
  /** Dropout of the attention probabilities, mask `[B, H, Q, K]`. @default none */
  readonly dropout?: Dropout | undefined;
  /** Factor of the products of queries and keys. @default `1 / √size` */
  readonly scale?: number | undefined;
}

/** What is added to scores so that masked keys get no probability. */
const maskBias = (mask: tf.Tensor): tf.Tensor => tf.mul(tf.sub(tf.cast(mask, "float32"), 1), 1e9);

/** The mask by which each query attends to the keys up to its own position: bool, `[1, 1, length, length]`. */
export function causalMask(length: number): tf.Tensor4D {
  const positions = tf.range(0, length, 1, "int32");
  const mask = tf.lessEqual(tf.reshape(positions, [1, length]), tf.reshape(positions, [length, 1]));
  return tf.reshape(mask, [1, 1, length, length]);
}

const defaultScale = (query: tf.Tensor): number => 1 / Math.sqrt(query.shape.at(-1)!);

/**
 * Attention (Vaswani et al. 2017, eq. 1) over several heads,
 *
 *     dropout(softmax(scale · query · keyᵀ + bias)) · value
 *
 * where the softmax runs over the keys that `mask` lets through: query `[B, H, Q, size]`, key `[B, H, K, size]` and value
 * `[B, H, K, size']` give `[B, H, Q, size']`.
 */
export function attention(
  query: tf.Tensor,
  key: tf.Tensor,
  value: tf.Tensor,
  { mask, bias, dropout, scale = defaultScale(query) }: AttentionOptions = {},
): tf.Tensor {
  let scores = tf.mul(tf.matMul(query, key, false, true), scale);
  if (bias) scores = tf.add(scores, bias);
  if (mask) scores = tf.add(scores, maskBias(mask));
  return tf.matMul(drop(tf.softmax(scores), dropout), value);
}

/**
 * The same as {@linkcode attention}, bias of four axes. The gradient is written by hand, so that exponentials are computed
 * once: with probabilities `p` and their gradient `g` it is `p · (g − Σ p · g)` for the scores, where the sum over keys is
 * that of the output and its gradient over a head's size (Dao et al. 2022, B.2).
 */
export function fusedAttention(
  query: tf.Tensor,
  key: tf.Tensor,
  value: tf.Tensor,
  { mask, bias, dropout, scale = defaultScale(query) }: AttentionOptions = {},
): tf.Tensor {
  const { forward, productsGradient } = kernels(scale, dropout?.rate ?? 0);
  const masks = mask ? [mask] : [], dropoutMasks = dropout ? [dropout.mask] : [];
  const apply = tf.customGrad((...args) => {
    const save = args.pop() as tf.GradSaveFunc;
    const [query, key, value, ...biases] = args as [tf.Tensor, tf.Tensor, tf.Tensor, ...tf.Tensor[]];
    const outputs = forward(query, key, value, ...biases, ...masks, ...dropoutMasks);
    const [output, probabilities, dropped = probabilities] = outputs as [tf.Tensor, tf.Tensor, tf.Tensor?];
    save([query, key, value, output, probabilities, dropped, ...dropoutMasks]);
    return {
      value: output,
      gradFunc: (gradient: tf.Tensor, saved: tf.Tensor[]) => {
        const [query, key, value, output, probabilities, dropped, ...dropoutMasks] = saved as [
          ...[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor],
          ...tf.Tensor[],
        ];
        const ofDropped = tf.matMul(gradient, value, false, true);
        const [ofProducts] = productsGradient(ofDropped, probabilities, gradient, output, ...dropoutMasks);
        return [
          tf.matMul(ofProducts!, key),
          tf.matMul(ofProducts!, query, true),
          tf.matMul(dropped, gradient, true),
          ...biases.map(({ shape }) => tf.div(sumTo(ofProducts!, shape), scale)),
        ];
      },
    };
  });
  return apply(query, key, value, ...bias ? [bias] : []);
}

const kernels = memoize((scale: number, rate: number) => {
  const dropoutOf = (mask: tf.Tensor | undefined) => mask && { mask, rate };
  // Probabilities before and after dropout are divided separately, so that XLA makes one loop of the two.
  const forward = kernel((query, key, value, ...more) => {
    const dropout = dropoutOf(rate > 0 ? more.pop() : undefined);
    const terms = more.map((term) => term.dtype === "bool" ? maskBias(term) : term);
    const scores = terms.reduce((sum, term) => tf.add(sum, term), tf.mul(tf.matMul(query!, key!, false, true), scale));
    const powers = tf.exp(tf.sub(scores, tf.max(scores, -1, true)));
    const sums = tf.sum(powers, -1, true);
    const probabilities = tf.div(powers, sums);
    const dropped = dropout ? tf.div(drop(powers, dropout), sums) : probabilities;
    return [tf.matMul(dropped, value!), probabilities, ...dropout ? [dropped] : []];
  }, { name: "attention" });
  const productsGradient = kernel((ofDropped, probabilities, gradient, output, mask) => {
    const mean = tf.sum(tf.mul(gradient!, output!), -1, true);
    return [tf.mul(tf.mul(probabilities!, tf.sub(drop(ofDropped!, dropoutOf(mask)), mean)), scale)];
  }, { name: "attention_gradient" });
  return { forward, productsGradient };
});

// Sums over the axes along which a tensor of this shape was broadcast.
function sumTo(tensor: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const axes = shape.flatMap((size, axis) => size < tensor.shape[axis]! ? [axis] : []);
  return axes.length > 0 ? tf.sum(tensor, axes, true) : tensor;
}
