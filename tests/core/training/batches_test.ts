import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { EncodedExample } from "@opf/framework";
import { toyModel } from "../../../core/check/toy.ts";
import { bucketOf, chunks, collate, countExamples } from "../../../core/training/batches.ts";

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
