import type { MatrixInfo, SelectionPolicy } from "@opf/framework";
import { mpo } from "@opf/framework/plugins";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { estimate } from "../../../../core/cli/reproduce/estimate.ts";
import type { RunOutline } from "../../../../core/run/run_spec.ts";
import { TRAINING_DEFAULTS } from "../../../../core/training/settings.ts";

const matrices = [0, 1, 2].flatMap((layer): MatrixInfo[] => [
  { name: `${layer}.query`, kind: "attention", module: "query", layer, shape: [8, 8] },
  { name: `${layer}.output`, kind: "ffn", module: "output", layer, shape: [8, 32] },
]);
const DENSE = 3 * (8 * 8 + 8 * 32), BIASES = 3 * 40;
const architecture = {
  matrices,
  parameters: [...matrices, ...[0, 1, 2].map((layer) => ({ name: `${layer}.bias`, shape: [40] }))],
};

const outline = (policy: Partial<SelectionPolicy> | undefined, steps = 10): RunOutline =>
  ({
    architecture,
    trainingExamples: 5 * TRAINING_DEFAULTS.batchSize, // ten steps are two epochs
    steps,
    spec: {
      task: { name: "t" },
      training: TRAINING_DEFAULTS,
      method: policy ? { decomposition: mpo({ tensors: 2 }), policy } : {},
    },
  }) as unknown as RunOutline;

const factors = (shape: readonly [number, number]) =>
  mpo({ tensors: 2 }).plan(shape).factorShapes.reduce((sum, sizes) => sum + sizes.reduce((a, b) => a * b, 1), 0);

Deno.test("estimate() counts the matrices that the policy estimates", () => {
  const { parameters, matrices } = estimate(outline({ estimate: () => ["0.query", "2.query", "1.output"] }));
  assertEquals(matrices, [
    { module: "query", count: 2, shape: [8, 8], dense: 64, factors: factors([8, 8]) },
    { module: "output", count: 1, shape: [8, 32], dense: 256, factors: factors([8, 32]) },
  ]);
  const model = DENSE + BIASES;
  const training = model + 2 * (factors([8, 8]) - 64) + factors([8, 32]) - 256;
  assertEquals(parameters, { model, training, merged: model });
});

Deno.test("estimate() takes every matrix for a policy that does not say, whatever its options are called", () => {
  const counts = estimate(outline({ options: { n: 1, by: "model" } })).matrices.map(({ count }) => count);
  assertEquals(counts, [3, 3]);
});

Deno.test("estimate() adds time for every step and every factor", () => {
  const cost = (...args: Parameters<typeof outline>) => estimate(outline(...args)).estimate;
  const plain = cost(undefined), longer = cost(undefined, 20), everything = cost({});
  assert(longer.seconds > plain.seconds && longer.bytes === plain.bytes);
  assert(everything.seconds > plain.seconds && everything.bytes > plain.bytes);
  assertEquals(estimate(outline(undefined)).matrices, []);
});

Deno.test("estimate() counts the evaluation of every dev set", () => {
  const seconds = (rows?: object) => {
    const run = outline(undefined);
    return estimate({ ...run, spec: { ...run.spec, task: { ...run.spec.task, rows } } } as RunOutline).estimate.seconds;
  };
  const { maxLength } = TRAINING_DEFAULTS;
  const perExample = 2 * maxLength * DENSE / 1.2e11;
  const plain = seconds({ dev: 0, padded: maxLength });
  assertAlmostEquals(seconds({ dev: 1e9, padded: maxLength }) - plain, 4e9 * perExample, 1);
  assertAlmostEquals(seconds({ dev: 0, additionalDev: 1e9, padded: maxLength }) - plain, 1e9 * perExample, 1);
});
