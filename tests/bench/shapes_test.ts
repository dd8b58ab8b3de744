import { bert } from "@opf/framework/plugins";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  chainEfficiency,
  chosen,
  CONFIG,
  decomposition,
  HEAD,
  operationsOf,
  operationsOfChains,
  productsOfStep,
} from "../../bench/_shapes.ts";

const { matrices } = bert({ source: "bench" }).architecture(CONFIG, HEAD);
const LARGE = { batchSize: 32, length: 128 };

Deno.test("the chosen matrices are three of each kind, with bonds of 512 and 256", () => {
  const modules = Map.groupBy(chosen(matrices), ({ module }) => module);
  assertEquals([...modules.values()].map(({ length }) => length), [3, 3, 3, 3, 3, 3]);
  const bonds = chosen(matrices).map(({ shape }) => decomposition().plan(shape).factorShapes[7]![0]);
  assertEquals(bonds.filter((bond) => bond === 512).length, 6);
  assertEquals(bonds.filter((bond) => bond === 256).length, 12);
});

Deno.test("productsOfStep() counts the products of a step: three times those of the forward pass", () => {
  // Per token five whole layers and two more products, then scores and weighted values of five layers.
  const width = 384, tokens = 32 * 128;
  const linear = 2 * tokens * (5 * (4 * width * width + 2 * width * 1536) + 2 * width * width);
  const attention = 5 * 2 * (2 * tokens * 128 * width);
  assertAlmostEquals(operationsOf(productsOfStep(LARGE)), 3 * (linear + attention), 1);
});

Deno.test("operationsOfChains() counts three products for each product of the cheapest contractions", () => {
  // Thirteen identities of the bond are multiplied together, then with one end, then with the other: 1536 = 48·32 and
  // 384 = 24·16 give ends [1152, 512] and [512, 512] six times, [576, 256] and [256, 256] twelve times.
  const chain = (bond: number, first: number) => 13 * bond ** 3 + first * bond ** 2;
  assertEquals(operationsOfChains(), 3 * 2 * (6 * chain(512, 1152) + 12 * chain(256, 576)));
});

Deno.test("chainEfficiency() is 1 if chains run at the plain step's speed, and a half if they take twice as long", () => {
  const plain = 2, speed = operationsOf(productsOfStep(LARGE)) / plain;
  const seconds = operationsOfChains() / speed;
  assertAlmostEquals(chainEfficiency(LARGE, { plain, opf: plain + seconds }), 1);
  assertAlmostEquals(chainEfficiency(LARGE, { plain, opf: plain + 2 * seconds }), 0.5);
});
