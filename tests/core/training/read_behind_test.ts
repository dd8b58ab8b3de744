import { engine, tf, useEngine } from "@opf/framework";
import { assertEquals } from "@std/assert";
import { readBehind } from "../../../core/training/read_behind.ts";

const COUNT = 5;

/** What happens when the tensors `[0]` to `[4]` are read, as `start 0`, `read 0`, … */
async function order({ until = COUNT } = {}): Promise<string[]> {
  const happened: string[] = [];
  const tensors = Iterator.from(Array(COUNT).keys()).map((index) => {
    happened.push(`start ${index}`);
    return tf.tensor1d([index]);
  });
  for await (const [value] of readBehind(tensors)) {
    happened.push(`read ${value}`);
    if (value === until - 1) break;
  }
  return happened;
}

Deno.test("readBehind() reads each tensor before the next is made where an engine computes at once", async () => {
  assertEquals(await order(), Array.from({ length: COUNT }, (_, index) => [`start ${index}`, `read ${index}`]).flat());
});

Deno.test("readBehind() is one tensor ahead of the reader on an asynchronous engine", async () => {
  const own = engine();
  useEngine({ ...own, ready: () => Promise.resolve() });
  try {
    const behind = Array.from({ length: COUNT - 1 }, (_, index) => [`start ${index + 1}`, `read ${index}`]).flat();
    assertEquals(await order(), ["start 0", ...behind, `read ${COUNT - 1}`]);
    assertEquals((await order({ until: 2 })).at(-1), "read 1");
  } finally {
    useEngine(own);
  }
});

Deno.test("readBehind() frees what it read, and what it did not", async () => {
  const before = tf.memory().numTensors;
  await order();
  await order({ until: 2 });
  assertEquals(tf.memory().numTensors, before);
});
