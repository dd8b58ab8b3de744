import { assertEquals } from "@std/assert";
import { type EncodedExample, engine, useEngine } from "@opf/framework";
import { toyModel } from "../../../core/check/toy.ts";
import { bucketOf, chunks, collate, countExamples } from "../../../core/training/batches.ts";
import { fc } from "../../_properties.ts";

const example = (ids: number[], index = 0, label = 1): EncodedExample => ({
  ids,
  tokenTypeIds: ids.map(() => 1),
  index,
  label,
});

Deno.test("bucketOf() is at least the length and at most the limit, and there are few buckets", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 512 }), fc.integer({ min: 1, max: 512 }), (length, limit) => {
    const bucket = bucketOf(Math.min(length, limit), limit);
    return bucket >= Math.min(length, limit) && bucket <= limit;
  }));
  const buckets = new Set(Array.from({ length: 128 }, (_, index) => bucketOf(index + 1, 128)));
  assertEquals([...buckets], [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128]);
});

Deno.test("bucketOf() has a bucket and its doubles where few are better", () => {
  const few = (length: number, limit = 512) => bucketOf(length, limit, { smallest: 64 });
  assertEquals([0, 1, 64, 65, 128, 129, 256, 257, 512].map((length) => few(length)), [
    ...[0, 64, 64, 128, 128, 256, 256, 512, 512],
  ]);
  assertEquals([few(3, 32), few(70, 100)], [32, 100]);
});

Deno.test("collate() pads to few lengths for an engine that prefers few shapes", () => {
  const before = engine();
  const lengthsOf = () =>
    [1, 30, 70, 100].map((length) => {
      const shape = { batchSize: 1, maxLength: 100, padId: 0 };
      const batch = collate([example(Array(length).fill(5), 0, 0)], { architecture: toyModel(), shape });
      return batch["inputIds"]!.shape[1];
    });
  assertEquals(lengthsOf(), [8, 32, 80, 100]);
  useEngine({ ...before, prefersFewShapes: true });
  try {
    assertEquals(lengthsOf(), [64, 64, 100, 100]);
  } finally {
    useEngine(before);
  }
});

Deno.test("collate() pads examples to one length and the batch to its size", () => {
  const examples = [example([5, 6, 7], 0, 2), example([8], 1, 3)];
  const shape = { batchSize: 3, maxLength: 4, padId: 9 };
  const batch = collate(examples, { architecture: toyModel(), shape });
  const valuesOf = (name: string) => [...batch[name]!.values];
  assertEquals(Object.values(batch).map(({ shape }) => shape), [[3, 4], [3, 4], [3, 4], [3], [3]]);
  assertEquals(valuesOf("inputIds"), [5, 6, 7, 9, 8, 9, 9, 9, 9, 9, 9, 9]);
  assertEquals(valuesOf("tokenTypeIds"), [1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals(valuesOf("attentionMask"), [1, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0]); // a padded example attends to one token
  assertEquals(valuesOf("labels"), [2, 3, 0]);
  assertEquals(valuesOf("exampleMask"), [1, 1, 0]);
  assertEquals(countExamples(batch), 2);
});

Deno.test("collate() buckets inputs and targets separately", () => {
  const buckets: unknown[] = [];
  const toy = toyModel();
  const architecture: typeof toy = {
    ...toy,
    collate: (examples, bucket) => (buckets.push(bucket), toy.collate(examples, bucket)),
  };
  const shape = { batchSize: 2, maxLength: 12, padId: 1 };
  collate([example([1, 2]), { ...example([3]), targets: Array(9).fill(4) }], { architecture, shape });
  collate([example([1, 2])], { architecture, shape });
  assertEquals(buckets, [
    { batchSize: 2, length: 8, targetLength: 12, padId: 1 },
    { batchSize: 2, length: 8, targetLength: 0, padId: 1 },
  ]);
});

Deno.test("chunks() keeps every item, in order", () => {
  fc.assert(fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 9 }), (items, size) => {
    const parts = [...chunks(items, size)];
    assertEquals(parts.flat(), items);
    assertEquals(parts.slice(0, -1).every((part) => part.length === size), true);
  }));
});
