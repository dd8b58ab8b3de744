import { assert, assertEquals, assertRejects } from "@std/assert";
import { mapConcurrently } from "../../../core/io/map_concurrently.ts";

const items = Array.from({ length: 100 }, (_, index) => index);
const later = (turns: number): Promise<void> =>
  turns === 0 ? Promise.resolve() : Promise.resolve().then(() => later(turns - 1));

Deno.test("mapConcurrently() keeps the order, whichever ends first, and runs each item once", async () => {
  const calls = new Map<number, number>();
  const results = await mapConcurrently(items, async (item) => {
    calls.set(item, (calls.get(item) ?? 0) + 1);
    await later((item * 37) % 11);
    return 2 * item;
  });
  assertEquals(results, items.map((item) => 2 * item));
  assertEquals([...calls.values()], items.map(() => 1));
  assertEquals(await mapConcurrently([], later), []);
});

Deno.test("mapConcurrently() runs several at a time, and never all", async () => {
  let running = 0, most = 0;
  await mapConcurrently(items, async () => {
    most = Math.max(most, ++running);
    await later(5);
    running--;
  });
  assert(most > 1 && most < items.length, String(most));
});

Deno.test("mapConcurrently() fails with the first error", async () => {
  await assertRejects(() => mapConcurrently(items, (item) => Promise.reject(new Error(`${item}`))), Error, "0");
});
