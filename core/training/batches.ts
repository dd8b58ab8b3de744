/**
 * Encoded examples as batches of few shapes, so that few are compiled.
 *
 * @module
 */
import { deviceCount } from "../backend/device_group.ts";
import type { EncodedExample, NamedArrays, TokenIds } from "../model/batch.ts";
import type { Architecture } from "../model/model.ts";

/** Lengths that batches are padded to: multiples of 8 up to 64, then of 16, and `maxLength` itself. */
export function bucketOf(length: number, maxLength: number): number {
  const unit = length <= 64 ? 8 : 16;
  return Math.min(maxLength, Math.ceil(length / unit) * unit);
}

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
  const length = bucketOf(Math.max(1, longest(({ ids }) => ids)), maxLength);
  const targetLength = bucketOf(longest(({ targets = [] }) => targets), maxLength);
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
