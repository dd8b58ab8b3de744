/**
 * Rows as the heads of attention, and back.
 *
 * @module
 */
import { kernel, memoize, tf } from "@opf/framework";
import { sumOfRows } from "./sum_of_rows.ts";

/** How rows `[batch · length, heads · size]` are made of heads. */
export interface HeadLayout {
  readonly batch: number;
  readonly heads: number;
}

/** `x + bias` by head, for x `[batch · length, heads · size]`: `[batch, heads, length, size]`. */
export function splitHeads(x: tf.Tensor, { batch, heads, bias }: HeadLayout & { bias?: tf.Tensor | undefined }) {
  const biased = bias ? tf.add(x, bias) : x;
  return tf.transpose(tf.reshape(biased, [batch, -1, heads, x.shape[1]! / heads]), [0, 2, 1, 3]);
}

/** `[batch, heads, length, size]` to rows `[batch · length, heads · size]`. */
export function joinHeads(x: tf.Tensor): tf.Tensor2D {
  const [batch, heads, length, size] = x.shape as [number, number, number, number];
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * length, heads * size]);
}

/** The same as {@linkcode splitHeads} with a bias, as one kernel. */
export function fusedSplitHeads(x: tf.Tensor, { batch, heads, bias }: HeadLayout & { bias: tf.Tensor }): tf.Tensor {
  const { forward, backward } = splitHeadsKernels(batch, heads);
  const apply = tf.customGrad((...args) => {
    const [x, bias] = args as [tf.Tensor, tf.Tensor];
    return { value: forward(x, bias)[0]!, gradFunc: (gradient: tf.Tensor) => backward(gradient) };
  });
  return apply(x, bias);
}

const splitHeadsKernels = memoize((batch: number, heads: number) => ({
  forward: kernel((x, bias) => [splitHeads(x!, { batch, heads, bias: bias! })], { name: "split_heads" }),
  backward: kernel((gradient) => {
    const ofX = joinHeads(gradient!);
    return [ofX, sumOfRows(ofX)];
  }, { name: "split_heads_gradient" }),
}));
