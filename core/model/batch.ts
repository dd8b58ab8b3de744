/**
 * Batches of encoded examples: as arrays of the host, and as tensors of the device.
 *
 * @module
 */
import * as tf from "../backend/tf.ts";

/** Token ids of one text or pair: a list, or a view of those of many. */
export type TokenIds = Iterable<number> & ArrayLike<number>;

/** An example as token ids. */
export interface EncodedExample {
  /** The example's own number in its set, stored with predictions. */
  readonly index: number;
  /** A class, counted from 0, or a number. */
  readonly label: number;
  readonly ids: TokenIds;
  /** 0 in the first text, 1 in the second; as long as `ids`. */
  readonly tokenTypeIds: TokenIds;
  /** Token ids of the answer, for models that answer in words. */
  readonly targets?: readonly number[];
}

/** The sizes that a batch is padded to: a few buckets for all batches of a run, so that few shapes are compiled. */
export interface Bucket {
  /** Examples of a batch; missing ones are padded. */
  readonly batchSize: number;
  /** Tokens of an example. */
  readonly length: number;
  /** Tokens of the targets; 0 if the examples have none. */
  readonly targetLength: number;
  /** The token that pads. */
  readonly padId: number;
}

/** Values of a tensor on the host, row by row. An `Int32Array` becomes an int32 tensor, a `Float32Array` float32. */
export interface HostArray {
  readonly shape: readonly number[];
  readonly values: Int32Array | Float32Array;
}

/**
 * What the host sends to the device for one batch. A model chooses its arrays; it gives the same names, in the same order,
 * for every batch. The first axis of each is the batch.
 */
export type NamedArrays = {
  /** `[examples]`: 1 for an example, 0 for one that only pads the batch. */
  readonly exampleMask: HostArray;
  readonly [name: string]: HostArray;
};

/** The same arrays as tensors. */
export type NamedTensors = { readonly [name: string]: tf.Tensor };

/** The batch of {@linkcode collateText}, on the device. */
export type TextBatch = {
  /** `[batch, length]`, int32, like the next two. */
  readonly inputIds: tf.Tensor2D;
  /** 0 in the first text, 1 in the second. */
  readonly tokenTypeIds: tf.Tensor2D;
  /** 1 on tokens, 0 on padding. */
  readonly attentionMask: tf.Tensor2D;
  /** `[batch]`, float32: classes or numbers. */
  readonly labels: tf.Tensor1D;
  /** `[batch]`, float32. */
  readonly exampleMask: tf.Tensor1D;
};

/**
 * Rows of integers as one array `[batchSize, length]`, int32, each padded at its end with `fill`; missing rows are all
 * `fill`.
 *
 * @example
 * ```ts
 * import { padRows } from "@opf/framework";
 * import { assertEquals } from "@std/assert";
 *
 * const { shape, values } = padRows([[7, 8], [9]], { batchSize: 3, length: 2, fill: 0 });
 * assertEquals([shape, [...values]], [[3, 2], [7, 8, 9, 0, 0, 0]]);
 * ```
 */
export function padRows(
  rows: readonly TokenIds[],
  { batchSize, length, fill }: { readonly batchSize: number; readonly length: number; readonly fill: number },
): HostArray {
  const values = new Int32Array(batchSize * length).fill(fill);
  rows.forEach((row, index) => values.set(row, index * length));
  return { shape: [batchSize, length], values };
}

/**
 * Collates examples with one label each into the arrays of a {@linkcode TextBatch}. A padded example attends to one token,
 * so that no softmax is taken over nothing.
 */
export function collateText(examples: readonly EncodedExample[], bucket: Bucket): NamedArrays {
  const { batchSize, length, padId } = bucket;
  const perExample = (value: (example: EncodedExample) => number): HostArray => ({
    shape: [batchSize],
    values: Float32Array.from({ length: batchSize }, (_, index) => examples[index] ? value(examples[index]) : 0),
  });
  const tokens = Array.from({ length: batchSize }, (_, index) => Array(examples[index]?.ids.length ?? 1).fill(1));
  return {
    inputIds: padRows(examples.map(({ ids }) => ids), { batchSize, length, fill: padId }),
    tokenTypeIds: padRows(examples.map(({ tokenTypeIds }) => tokenTypeIds), { batchSize, length, fill: 0 }),
    attentionMask: padRows(tokens, { batchSize, length, fill: 0 }),
    labels: perExample(({ label }) => label),
    exampleMask: perExample(() => 1),
  };
}

/** A batch as new tensors. */
export const batchTensors = (batch: NamedArrays): NamedTensors =>
  Object.fromEntries(
    Object.entries(batch).map(([name, { shape, values }]) => [
      name,
      tf.tensor(values, [...shape], values instanceof Int32Array ? "int32" : "float32"),
    ]),
  );
