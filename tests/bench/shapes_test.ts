import { bert, mpo } from "@opf/framework/plugins";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { chosen, CONFIG, modesOf, productsOfStep } from "../../bench/_shapes.ts";

const { matrices } = bert({ source: "bench" }).architecture(CONFIG, { kind: "classification", outputs: 2 });

Deno.test("the chosen matrices are three of each kind, with bonds of 512 and 256", () => {
  const modules = Map.groupBy(chosen(matrices), ({ module }) => module);
  assertEquals([...modules.values()].map((some) => some.length), [3, 3, 3, 3, 3, 3]);
  const bonds = chosen(matrices).map(({ shape: [rows, columns] }) => {
    const own = mpo({ tensors: 15, modes: [{ rows: modesOf(rows), columns: modesOf(columns) }] });
    return own.plan([rows, columns]).factorShapes[7]![0];
  });
  assertEquals(bonds.filter((bond) => bond === 512).length, 6);
  assertEquals(bonds.filter((bond) => bond === 256).length, 12);
});

Deno.test("productsOfStep() counts what a step multiplies: three times the forward pass", () => {
  const operations = (lines: number, length: number) =>
    productsOfStep(lines, length).reduce(
      (sum, [count, rows, inner, columns]) => sum + 2 * count * rows * inner * columns,
      0,
    );
  // By hand: of one token, five whole layers and two more products, then scores and weighted values of five layers.
  const width = 384, tokens = 32 * 128;
  const linear = 2 * tokens * (5 * (4 * width * width + 2 * width * 1536) + 2 * width * width);
  const attention = 5 * 2 * (2 * tokens * 128 * width);
  assertAlmostEquals(operations(32, 128), 3 * (linear + attention), 1);
});
