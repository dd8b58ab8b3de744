import { type ImportanceScore, type MatrixInfo, RandomKey, RequestError } from "@opf/framework";
import { staticTop } from "@opf/framework/plugins";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

const MODULES = [["query", "attention"], ["key", "attention"], ["output", "ffn"]] as const;
const matrices = Array.from(
  { length: 4 },
  (_, layer) =>
    MODULES.map(([module, kind]): MatrixInfo => ({ name: `${layer}.${module}`, kind, module, layer, shape: [2, 2] })),
).flat();

// query is best in late layers, key in early ones, output is the same in all.
const value = ({ module, layer }: MatrixInfo) => module === "query" ? 10 + layer : module === "key" ? 5 - layer : 1;
const score: ImportanceScore = {
  name: "given",
  options: {},
  score: ({ matrices }) => Promise.resolve(new Map(matrices.map((matrix) => [matrix.name, value(matrix)]))),
};

async function chosen(
  { score: own = score, ...options }: Omit<Parameters<typeof staticTop>[0], "score"> & { score?: ImportanceScore },
) {
  const notes: string[] = [];
  const names = await staticTop({ ...options, score: own }).select({
    matrices,
    converted: new Set(),
    step: 0,
    key: RandomKey.of(1),
    note: (message) => notes.push(message),
    score: (own, some = matrices) => own.score({ matrices: some } as never),
  });
  return { names: names.toSorted(), notes };
}

Deno.test("staticTop() selects the best of each module, kind or the whole model", async () => {
  assertEquals((await chosen({ n: 1 })).names, ["0.key", "0.output", "3.query"]);
  assertEquals((await chosen({ n: 2, by: "kind" })).names, ["0.output", "1.output", "2.query", "3.query"]);
  assertEquals((await chosen({ n: 3, by: "model" })).names, ["1.query", "2.query", "3.query"]);
});

Deno.test("staticTop() takes the earlier of matrices whose scores differ by rounding alone, and no lower score", async () => {
  for (const sign of [1, -1]) {
    const later = (difference: number): ImportanceScore => ({
      ...score,
      score: ({ matrices }) =>
        Promise.resolve(new Map(matrices.map(({ name, layer }) => [name, sign * (7 + sign * difference * layer)]))),
    });
    const layers = async (difference: number, n: number) =>
      (await chosen({ n, by: "kind", score: later(difference) })).names.filter((name) => name.endsWith("output"))
        .map((name) => Number(name[0]));
    assertEquals([await layers(0, 1), await layers(1e-6, 1), await layers(1e-6, 3)], [[0], [0], [0, 1, 2]]);
    assertEquals([await layers(0.01, 1), await layers(0.01, 3)], [[3], [1, 2, 3]]);
    // The second and third tie with each other, not with the last.
    const steps: ImportanceScore = {
      ...score,
      score: ({ matrices }) =>
        Promise.resolve(
          new Map(matrices.map(({ name, layer }) => [name, sign * 3 + [0, 1, 1 + 1e-6, 2][layer]!])),
        ),
    };
    const { names } = await chosen({ n: 2, by: "kind", score: steps });
    assertEquals(names.filter((name) => name.endsWith("output")), ["1.output", "3.output"]);
  }
  const infinite = { ...score, score: () => Promise.resolve(new Map(matrices.map(({ name }) => [name, Infinity]))) };
  assertEquals((await chosen({ n: 1, by: "model", score: infinite })).names, ["0.query"]);
});

Deno.test("staticTop() selects all of a group that is smaller than n, with a note", async () => {
  const { names, notes } = await chosen({ n: 5 });
  assertEquals(names.length, 12);
  assertEquals(notes.length, 3);
  assertStringIncludes(notes[0]!, "n = 5 exceeds the 4 matrices of query");
});

Deno.test("staticTop() refuses an n that is not a positive integer", () => {
  for (const n of [0, 1.5, NaN]) {
    assertStringIncludes(assertThrows(() => staticTop({ n, score }), RequestError).message, "staticTop({ n })");
  }
});
