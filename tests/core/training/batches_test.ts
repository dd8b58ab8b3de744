import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { batchOf, bucketOf, chunks, type EncodedExample } from "../../../core/training/batches.ts";

const example = (ids: number[], index = 0, label = 1): EncodedExample => ({
  ids,
  tokenTypeIds: ids.map(() => 1),
  index,
  label,
});

Deno.test("bucketOf() is never shorter than the line nor longer than the limit, and there are few of them", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 512 }), fc.integer({ min: 1, max: 512 }), (length, limit) => {
    const bucket = bucketOf(Math.min(length, limit), limit);
    return bucket >= Math.min(length, limit) && bucket <= limit;
  }));
  const buckets = new Set(Array.from({ length: 128 }, (_, index) => bucketOf(index + 1, 128)));
  assertEquals([...buckets], [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128]);
});

Deno.test("batchOf() pads lines to one length and fills up with lines of weight 0", () => {
  const batch = batchOf([example([5, 6, 7], 0, 2), example([8], 1, 3)], { lines: 3, maxLength: 4, padId: 9 });
  assertEquals(batch.length, 4);
  assertEquals([...batch.inputIds], [5, 6, 7, 9, 8, 9, 9, 9, 9, 9, 9, 9]);
  assertEquals([...batch.tokenTypeIds], [1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals([...batch.attentionMask], [1, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0]); // a filler attends to one token
  assertEquals([...batch.labels], [2, 3, 0]);
  assertEquals([...batch.weights], [1, 1, 0]);
});

Deno.test("chunks() loses nothing and keeps the order", () => {
  fc.assert(fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 9 }), (items, size) => {
    const parts = [...chunks(items, size)];
    assertEquals(parts.flat(), items);
    assertEquals(parts.slice(0, -1).every((part) => part.length === size), true);
  }));
});
