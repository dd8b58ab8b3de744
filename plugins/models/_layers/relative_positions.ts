/**
 * Relative positions as buckets, each with a learned bias per head (Raffel et al. 2020, section 2.1).
 *
 * @module
 */
import { tf } from "@opf/framework";
import { embed } from "./layers.ts";

/** How distances are put into buckets. */
export interface BucketOptions {
  readonly buckets: number;
  /** From this distance on all share the last bucket. */
  readonly maxDistance: number;
  /** Keys after the query have buckets of their own, half of all; otherwise they share that of distance 0. */
  readonly bidirectional: boolean;
}

/**
 * The bucket of a key `offset` tokens after its query. Half of the buckets hold one distance each, the others
 * logarithmically growing ranges.
 */
export function bucketOfOffset(offset: number, { buckets, maxDistance, bidirectional }: BucketOptions): number {
  const count = bidirectional ? buckets >> 1 : buckets;
  const first = bidirectional && offset > 0 ? count : 0;
  const distance = bidirectional ? Math.abs(offset) : Math.max(-offset, 0);
  const exact = count >> 1;
  if (distance < exact) return first + distance;
  // In 32-bit floats, as Transformers computes it, so that no distance lands in the neighboring bucket.
  const { fround, log } = Math;
  const ratio = fround(fround(log(fround(distance / exact))) / fround(log(maxDistance / exact)));
  return first + Math.min(count - 1, exact + Math.trunc(fround(ratio * (count - exact))));
}

/**
 * The bias of each head's scores, `[1, heads, queries, keys]`, from a `table [buckets, heads]`. The queries are at the
 * positions from `firstQuery` on, the keys at those from 0 on.
 */
export function relativePositionBias(
  table: tf.Tensor,
  { queries, keys, firstQuery = 0, ...options }: BucketOptions & {
    readonly queries: number;
    readonly keys: number;
    /** @default 0 */
    readonly firstQuery?: number;
  },
): tf.Tensor4D {
  const heads = table.shape[1]!;
  const buckets = Int32Array.from(
    { length: queries * keys },
    (_, index) => bucketOfOffset(index % keys - Math.floor(index / keys) - firstQuery, options),
  );
  const biases = embed(table, tf.tensor1d(buckets, "int32"));
  return tf.expandDims(tf.transpose(tf.reshape(biases, [queries, keys, heads]), [2, 0, 1]), 0);
}
