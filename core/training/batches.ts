/**
 * Encoded examples as batches of few shapes, so that few are compiled.
 *
 * @module
 */
import { deviceCount } from "../backend/device_group.ts";
import { engine } from "../backend/engine.ts";
import type { EncodedExample, NamedArrays, TokenIds } from "../model/batch.ts";
import type { Architecture } from "../model/model.ts";

/**
 * Lengths that batches are padded to, and `maxLength` itself: multiples of 8 up to 64, then of 16; or `smallest` and its
 * doubles.
 */
export function bucketOf(
  length: number,
  maxLength: number,
  { smallest }: { readonly smallest?: number | undefined } = {},
): number {
  if (smallest !== undefined && length > 0) {
    return Math.min(maxLength, smallest * 2 ** Math.max(0, Math.ceil(Math.log2(length / smallest))));
  }
  const unit = length <= 64 ? 8 : 16;
  return Math.min(maxLength, Math.ceil(length / unit) * unit);
}

// Where a shape takes seconds to compile, padding costs less than more shapes: two up to 128 tokens.
const SMALLEST_OF_FEW = 64, SMALLEST_TARGET_OF_FEW = 8;

/** The size of a run's batches. */
export interface BatchShape {
  readonly batchSize: number;
  /** Tokens of the longest bucket. */
  readonly maxLength: number;
  readonly padId: number;
}

/**
 * Collates at most `batchSize` examples, padded to the bucket of the longest, and to a number of examples that the engine's
 * devices share.
 */
export function collate(
  examples: readonly EncodedExample[],
  { architecture, shape: { batchSize, maxLength, padId } }: {
    readonly architecture: Architecture;
    readonly shape: BatchShape;
  },
): NamedArrays {
  const longest = (of: (example: EncodedExample) => TokenIds) =>
    examples.reduce((length, example) => Math.max(length, of(example).length), 0);
  const few = engine().prefersFewShapes;
  const length = bucketOf(Math.max(1, longest(({ ids }) => ids)), maxLength, {
    smallest: few ? SMALLEST_OF_FEW : undefined,
  });
  const longestTarget = longest(({ targets = [] }) => targets);
  const targetBucket = bucketOf(longestTarget, maxLength, { smallest: few ? SMALLEST_TARGET_OF_FEW : undefined });
  const targetLength = Math.max(longestTarget, targetBucket); // the limit is of inputs
  const devices = deviceCount();
  return architecture.collate(examples, {
    batchSize: Math.ceil(batchSize / devices) * devices,
    length,
    targetLength,
    padId,
  });
}

/** Number of examples of a batch. */
export const countExamples = ({ exampleMask }: NamedArrays): number =>
  (exampleMask.values as Float32Array).reduce((sum, value) => sum + value, 0);

/** The examples in the given order, `size` at a time. */
export function* chunks<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
