import { tf } from "@opf/framework";
import { assertEquals } from "@std/assert";
import {
  bucketOfOffset,
  type BucketOptions,
  relativePositionBias,
} from "../../../../plugins/models/_layers/relative_positions.ts";

interface Fixture {
  readonly firstOffset: number;
  readonly cases: (BucketOptions & { readonly bucketOfOffset: number[] })[];
}

const { firstOffset, cases }: Fixture = JSON.parse(
  Deno.readTextFileSync(new URL("../../../fixtures/relative_buckets.json", import.meta.url)),
);

for (const { bucketOfOffset: expected, ...options } of cases) {
  Deno.test(`offsets fall into Transformers' buckets: ${Object.values(options).join(", ")}`, () =>
    assertEquals(expected.map((_, index) => bucketOfOffset(firstOffset + index, options)), expected));
}

Deno.test("the bias of a query is the same from whichever query on it is computed", () =>
  tf.tidy(() => {
    const table = tf.reshape(tf.range(0, 16), [8, 2]);
    const options = { buckets: 8, maxDistance: 16, bidirectional: false };
    const all = relativePositionBias(table, { queries: 9, keys: 9, ...options });
    assertEquals(all.shape, [1, 2, 9, 9]);
    const last = relativePositionBias(table, { queries: 1, keys: 9, firstQuery: 8, ...options });
    assertEquals(last.arraySync(), tf.slice(all, [0, 0, 8, 0], [1, 2, 1, 9]).arraySync());
    assertEquals(all.arraySync()[0]![1]![5]![3], 1 + 2 * bucketOfOffset(-2, options));
  }));
