import { type ImportanceScore, type MatrixInfo, RandomKey, RequestError } from "@opf/framework";
import { all, dynamicTop, named, random, staticTop } from "@opf/framework/plugins";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

const MODULES = ["attention.self.query", "attention.output.dense", "output.dense"] as const;
const matrices = Array.from({ length: 5 }, (_, layer) =>
  MODULES.map((module): MatrixInfo => ({
    name: `bert.encoder.layer.${layer}.${module}.weight`,
    kind: module.startsWith("attention") ? "attention" : "ffn",
    module,
    layer,
    shape: [2, 2],
  }))).flat();

const score: ImportanceScore = {
  name: "layer",
  options: {},
  score: ({ matrices }) =>
    // The attention outputs score higher than the FFN outputs.
    Promise.resolve(
      new Map(
        matrices.map(({ name, layer, module }) => [name, layer + (module === "attention.output.dense" ? 10 : 0)]),
      ),
    ),
};

async function rounds(policy: ReturnType<typeof dynamicTop>, steps: readonly number[]) {
  const converted = new Set<string>(), scored: number[] = [], selected: string[][] = [];
  for (const step of steps) {
    const names = await policy.select({
      matrices,
      converted: new Set(converted),
      step,
      key: RandomKey.of(1),
      note: () => {},
      score: (score, candidates = matrices) => {
        scored.push(candidates.length);
        return score.score({ matrices: candidates } as never);
      },
    });
    selected.push([...names]);
    names.forEach((name) => converted.add(name));
  }
  return { scored, selected };
}

const layersOf = (names: readonly string[], module: string) =>
  matrices.filter((matrix) => matrix.module === module && names.includes(matrix.name)).map(({ layer }) => layer)
    .reverse();

Deno.test("dynamicTop() selects the best remaining matrices, a few per round, up to n of each group", async () => {
  const policy = dynamicTop({ n: 3, perRound: 2, every: { steps: 7 }, score });
  assertEquals(policy.rounds!({ steps: 100, stepsPerEpoch: 10 }), [7, 14]);
  const { scored, selected } = await rounds(policy, [7, 14]);
  assertEquals(selected.map((names) => layersOf(names, "attention.self.query")), [[4, 3], [2]]);
  assertEquals(selected.map((names) => layersOf(names, "output.dense")), [[4, 3], [2]]);
  assertEquals(scored, [15, 9]); // converted matrices are not scored again
});

Deno.test("dynamicTop() scores nothing once all groups are selected whole", async () => {
  const { scored, selected } = await rounds(dynamicTop({ n: 7, perRound: 3, score }), [1, 2, 3]);
  assertEquals(selected.map(({ length }) => length), [9, 6, 0]);
  assertEquals(scored, [15, 6]);
});

Deno.test("dynamicTop() counts its rounds in steps or epochs, after training or before, and reports those that do not fit", () => {
  const at = (options: object, steps = 100) =>
    dynamicTop({ n: 4, perRound: 2, score, ...options }).rounds!({ steps, stepsPerEpoch: 10 });
  assertEquals(at({ every: { epochs: 1 } }), [10, 20]);
  assertEquals(at({ every: { epochs: 0.5 }, firstRound: "before" }), [0, 5]);
  assertEquals(at({}), [25, 50]);
  assertStringIncludes(
    assertThrows(() => at({ every: { steps: 50 } }), RequestError).message,
    "2 rounds, 50 steps apart",
  );
  assertStringIncludes(
    assertThrows(() => dynamicTop({ n: 1, by: "modul" as never, score }), RequestError).message,
    '"module"',
  );
});

Deno.test('by: "asReleased" repeats the quirk by which attention outputs displace FFN matrices', async () => {
  const select = (by: "module" | "asReleased") => rounds({ ...staticTop({ n: 2, by, score }) } as never, [0]);
  const { selected: [exact] } = await select("module"), { selected: [released] } = await select("asReleased");
  assertEquals(layersOf(exact!, "output.dense"), [4, 3]);
  assertEquals(layersOf(released!, "output.dense"), []); // no FFN matrix
  assertEquals(released!.length, 4); // two per group, two of them the same
});

Deno.test('by: "asReleased" lets every group select in every round, whatever other groups converted', async () => {
  const ffnFirst: ImportanceScore = {
    name: "ffn-first",
    options: {},
    score: ({ matrices }) =>
      Promise.resolve(
        new Map(matrices.map(({ name, layer, module }) => [name, layer + (module === "output.dense" ? 0.5 : 0)])),
      ),
  };
  const policy = dynamicTop({ n: 2, perRound: 1, by: "asReleased", score: ffnFirst, every: { steps: 5 } });
  const { selected } = await rounds(policy, [5, 10]);
  // The released code: each pattern takes its best matrix that is not converted yet, in each round.
  assertEquals(selected.map((names) => MODULES.map((module) => layersOf(names, module))), [
    [[4], [4], [4]],
    [[3], [3], [3]],
  ]);
});

Deno.test("all(), named() and random() select what their options say", async () => {
  const select = async (policy: ReturnType<typeof all>, seed = 1) => {
    const notes: string[] = [];
    const key = RandomKey.of(seed);
    const context = {
      matrices,
      converted: new Set<string>(),
      step: 0,
      key,
      note: (note: string) => notes.push(note),
      score: () => Promise.reject(),
    };
    return { names: await policy.select(context), notes };
  };
  assertEquals((await select(all())).names.length, 15);
  const { names, notes } = await select(named(["*.layer.0.*", "*.4.output.dense.*"]));
  assertEquals(names.length, 4);
  assert(names.every((name) => notes[0]!.includes(name)));
  const wrong = await select(named(["*.layer.9.*"])).catch((error) => error.message);
  assertStringIncludes(wrong, 'Unknown matrix "*.layer.9.*"');
  assertThrows(() => named([]), RequestError);
  const drawn = (await select(random({ n: 2 }))).names;
  assertEquals(drawn.length, 6);
  assertEquals(MODULES.map((module) => layersOf(drawn, module).length), [2, 2, 2]);
  const seeds = await Promise.all(
    [1, 2, 3, 4].map(async (seed) => (await select(random({ n: 2 }), seed)).names.join()),
  );
  assert(new Set(seeds).size > 1);
});
