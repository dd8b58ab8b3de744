import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { freeUnusedBuffers } from "../../../core/io/unused_buffers.ts";

const MEBIBYTE = 2 ** 20;
const externalBytes = () => Deno.memoryUsage().external;

/** Makes copies that nothing holds. */
function makeCopies(count: number, size: number): number {
  let sum = 0;
  for (let copy = 0; copy < count; copy++) sum += new Uint8Array(size).fill(1)[copy]!;
  return sum;
}

Deno.test("freeUnusedBuffers() frees arrays that nothing refers to, and keeps the others", () => {
  freeUnusedBuffers({ atLeast: 0 });
  const before = externalBytes();
  const held = new Uint8Array(16 * MEBIBYTE).fill(3);
  assertEquals(makeCopies(4, 16 * MEBIBYTE), 4);
  freeUnusedBuffers({ atLeast: 0 });
  const after = externalBytes() - before;
  assertGreater(after, 15 * MEBIBYTE);
  assertLess(after, 24 * MEBIBYTE);
  assertEquals(held.at(-1), 3);
});

Deno.test("freeUnusedBuffers() keeps the unused arrays of a loop below the limit", () => {
  freeUnusedBuffers({ atLeast: 0 });
  const before = externalBytes();
  let most = 0;
  for (let round = 0; round < 40; round++) {
    makeCopies(1, 16 * MEBIBYTE);
    freeUnusedBuffers({ atLeast: 64 * MEBIBYTE });
    most = Math.max(most, externalBytes() - before);
  }
  assertLess(most, 96 * MEBIBYTE);
});
