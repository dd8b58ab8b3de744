/**
 * Batches on their way from the host into compiled functions, and the loss over one.
 *
 * @module
 */
import { engine } from "../backend/engine.ts";
import type { Batch, ForwardContext, Head } from "../model/model.ts";
import * as tf from "../backend/tf.ts";

/** A batch as arrays of the host; lines that only fill it up have weight 0. */
export interface HostBatch {
  readonly lines: number;
  readonly length: number;
  /** `[lines, length]`, row by row, like the next two. */
  readonly inputIds: Int32Array;
  readonly tokenTypeIds: Int32Array;
  readonly attentionMask: Int32Array;
  /** `[lines]`: classes or numbers. */
  readonly labels: Float32Array;
  /** `[lines]`: 1 for an example, 0 for a filler. */
  readonly weights: Float32Array;
}

/** The sum of the examples' losses: cross-entropy, or squared error. */
export function summedLoss(logits: tf.Tensor2D, { labels, weights, head }: {
  readonly labels: tf.Tensor;
  readonly weights: tf.Tensor;
  readonly head: Head;
}): tf.Scalar {
  const losses = head.kind === "regression"
    ? tf.square(tf.sub(tf.squeeze(logits, [1]), labels))
    : tf.neg(tf.sum(tf.mul(tf.oneHot(tf.cast(labels, "int32"), head.outputs), tf.logSoftmax(logits)), 1));
  return tf.sum(tf.mul(losses, weights));
}

/** The tensors of a batch in the order in which compiled functions take them. */
export const batchTensors = ({ lines, length, ...batch }: HostBatch): tf.Tensor[] => [
  tf.tensor2d(batch.inputIds, [lines, length], "int32"),
  tf.tensor2d(batch.tokenTypeIds, [lines, length], "int32"),
  tf.tensor2d(batch.attentionMask, [lines, length], "int32"),
];

/** The batch of the first three tensors of a list. */
export const asBatch = ([inputIds, tokenTypeIds, attentionMask]: readonly tf.Tensor[]): Batch => ({
  inputIds: inputIds as tf.Tensor2D,
  tokenTypeIds: tokenTypeIds as tf.Tensor2D,
  attentionMask: attentionMask as tf.Tensor2D,
});

/** Dropout whose masks come from the key, one place after another. */
export function dropoutBy(key: tf.Tensor): ForwardContext {
  let place = 0;
  return { dropout: (shape, rate) => engine().randomMask(key, shape, rate, place++) };
}
