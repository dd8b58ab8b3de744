/**
 * Encoded examples as batches of few shapes, so that few are compiled.
 *
 * @module
 */
import type { Example } from "../task.ts";
import type { Encoding, Tokenizer } from "../model/tokenizer.ts";
import type { HostBatch } from "./host_batch.ts";

/** An example as token ids. */
export interface EncodedExample extends Encoding {
  readonly index: number;
  readonly label: number;
}

/** Tokenises labelled examples to at most `maxLength` tokens, special ones included. */
export function encode(
  examples: readonly Example[],
  { tokenizer, maxLength }: { tokenizer: Tokenizer; maxLength: number },
): EncodedExample[] {
  const known = encodings.getOrInsertComputed(tokenizer, () => new Map()).getOrInsertComputed(
    maxLength,
    () => new WeakMap(),
  );
  return examples.map((example) =>
    known.getOrInsertComputed(example, ({ index, texts, label }) => ({
      ...tokenizer.encode(texts, maxLength),
      index,
      label: label!,
    }))
  );
}

// Runs of one process often share their data.
const encodings = new WeakMap<Tokenizer, Map<number, WeakMap<Example, EncodedExample>>>();

/** Lengths that batches are padded to: multiples of 8 up to 64, then of 16, and `maxLength` itself. */
export function bucketOf(length: number, maxLength: number): number {
  const unit = length <= 64 ? 8 : 16;
  return Math.min(maxLength, Math.ceil(length / unit) * unit);
}

/** What a batch is made to. */
export interface BatchShape {
  readonly lines: number;
  readonly maxLength: number;
  readonly padId: number;
}

/**
 * One batch of `lines` lines, padded to the bucket of its longest. Where there are fewer examples, lines of weight 0
 * fill it up: they attend to one token, so that nothing is divided by nothing.
 */
export function batchOf(examples: readonly EncodedExample[], { lines, maxLength, padId }: BatchShape): HostBatch {
  const length = bucketOf(Math.max(1, ...examples.map(({ ids }) => ids.length)), maxLength);
  const batch = {
    lines,
    length,
    inputIds: new Int32Array(lines * length).fill(padId),
    tokenTypeIds: new Int32Array(lines * length),
    attentionMask: new Int32Array(lines * length),
    labels: new Float32Array(lines),
    weights: new Float32Array(lines),
  };
  for (let line = 0; line < lines; line++) {
    const example = examples[line];
    const at = line * length;
    if (!example) {
      batch.attentionMask[at] = 1;
      continue;
    }
    batch.inputIds.set(example.ids, at);
    batch.tokenTypeIds.set(example.tokenTypeIds, at);
    batch.attentionMask.fill(1, at, at + example.ids.length);
    batch.labels[line] = example.label;
    batch.weights[line] = 1;
  }
  return batch;
}

/** The examples in the given order, `size` at a time. */
export function* chunks<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
