/**
 * Dropout (Srivastava et al. 2014) with masks that are drawn elsewhere.
 *
 * @module
 */
import { type ForwardContext, tf } from "@opf/framework";

/** A dropout mask and the rate it was drawn with. */
export interface Dropout {
  /** bool: true where an element is kept. */
  readonly mask: tf.Tensor;
  /** Probability of dropping an element. */
  readonly rate: number;
}

/** Draws the next dropout mask of a forward pass; `undefined` outside training and at rate 0. */
export type DrawDropout = (shape: readonly number[], rate: number) => Dropout | undefined;

/** Draws masks from a forward pass's context. */
export const drawDropout = ({ dropout }: ForwardContext): DrawDropout => (shape, rate) =>
  dropout && rate > 0 ? { mask: dropout(shape, rate), rate } : undefined;

/** `x · mask / (1 − rate)`; without dropout, `x`. */
export const drop = (x: tf.Tensor, dropout: Dropout | undefined): tf.Tensor =>
  dropout ? tf.mul(x, tf.mul(tf.cast(dropout.mask, "float32"), 1 / (1 - dropout.rate))) : x;
