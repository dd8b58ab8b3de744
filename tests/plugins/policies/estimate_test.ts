// Together: the policies of plugins/policies: what each estimates before a run, against what it selects.
import type { ImportanceScore, MatrixInfo, SelectionPolicy } from "@opf/framework";
import { all, dynamicTop, named, random, staticTop } from "@opf/framework/plugins";
import { assert, assertEquals } from "@std/assert";
import { selectAll } from "./_select_all.ts";

const SHAPES = { "attention.self.query": [8, 8], "attention.output.dense": [8, 6], "output.dense": [8, 32] } as const;
const matrices = Array.from({ length: 4 }, (_, layer) =>
  Object.entries(SHAPES).map(([module, shape]): MatrixInfo => ({
    name: `layer.${layer}.${module}.weight`,
    kind: module.startsWith("attention") ? "attention" : "ffn",
    module,
    layer,
    shape,
  }))).flat();

const score: ImportanceScore = {
  name: "late layers first",
  options: {},
  score: ({ matrices }) => Promise.resolve(new Map(matrices.map(({ name, layer }) => [name, layer]))),
};

/** What a policy estimates; by default every matrix. */
const estimated = (policy: SelectionPolicy) => policy.estimate?.(matrices) ?? matrices.map(({ name }) => name);

/** The shapes of the matrices of these names. */
const shapesOf = (names: readonly string[]) =>
  shapes(names.map((name) => matrices.find((matrix) => matrix.name === name)!));
const shapes = (matrices: readonly MatrixInfo[]) => matrices.map(({ shape }) => String(shape)).toSorted();

Deno.test("policies estimate as many matrices of each shape as they select", async () => {
  for (const n of [1, 3, 9]) {
    const policies = [
      all(),
      named(["*.1.*", "*output.dense*"]),
      random({ n }),
      staticTop({ n, score }),
      dynamicTop({ n, perRound: 2, score }),
    ];
    for (const policy of policies) {
      const { selected } = await selectAll(policy, matrices);
      assertEquals(shapesOf(estimated(policy)), shapes(selected), `${policy.name}, n = ${n}`);
    }
  }
});

Deno.test("policies estimate at most what groups of several shapes let them select", async () => {
  for (const by of ["kind", "model", "asReleased"] as const) {
    for (const n of [1, 3]) {
      const policies = [random({ n, by }), staticTop({ n, by, score }), dynamicTop({ n, by, score })];
      for (const policy of policies) {
        const names = estimated(policy);
        assert(new Set(names).size === names.length);
        const { selected } = await selectAll(policy, matrices);
        assert(names.length >= selected.length, `${policy.name} by ${by}, n = ${n}`);
      }
    }
  }
});
