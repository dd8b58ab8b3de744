import { type Architecture, engine, RandomKey, tf, useEngine, Weights } from "@opf/framework";
import { bert, mpo, svd } from "@opf/framework/plugins";
import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { TOY_EXAMPLES, TOY_MATRICES, toyModel, toyWeights } from "../../../core/check/toy.ts";
import { collate } from "../../../core/training/batches.ts";
import { TRAINING_DEFAULTS } from "../../../core/training/settings.ts";
import { type StepOptions, Stepper } from "../../../core/training/step.ts";
import { initialTensors } from "../../_initial_tensors.ts";
import { CONFIG } from "../../_tiny.ts";

const key = RandomKey.of(1);
const OPTIONS: StepOptions = {
  optimizer: { ...TRAINING_DEFAULTS, learningRate: 2e-4, factorLearningRate: 2e-4 },
  maxGradNorm: 1,
  isTrainable: () => true,
};

// Just large enough for every kind of kernel to be compiled.
const BATCH_SIZE = 16, LENGTH = 32;
const HEAD = { kind: "classification", outputs: 2 } as const;
const architecture = bert({ source: "tiny" }).architecture({
  ...CONFIG,
  vocab_size: 600,
  hidden_size: 128,
  num_attention_heads: 4,
  intermediate_size: 128,
}, HEAD);

function bertWeights(): Weights {
  const weights = new Weights(architecture, initialTensors(architecture, { key, width: 0.1 }));
  for (const { name } of architecture.matrices.slice(3, 5)) {
    weights.factorize([name], { decomposition: mpo({ tensors: 4 }), key });
  }
  return weights;
}

/** The loss of each step, on four batches in turn; an example's label is the parity of a token. */
function losses(steps: number): number[] {
  const weights = bertWeights();
  const stepper = new Stepper(weights, OPTIONS);
  const found = Array.from({ length: steps }, (_, step) => {
    const ids = key.fold(step % 4).bits(BATCH_SIZE * LENGTH).map((id) => 5 + id % 595);
    const examples = Array.from({ length: BATCH_SIZE }, (_, index) => {
      const own = [...ids.subarray(index * LENGTH, (index + 1) * LENGTH - index)];
      return { index, label: own[1]! % 2, ids: own, tokenTypeIds: own.map(() => 0) };
    });
    const shape = { batchSize: BATCH_SIZE, maxLength: LENGTH, padId: 0 };
    const batch = collate(examples, { architecture, shape });
    return stepper.step([batch], { key: key.fold(step), rate: 1 }).loss;
  });
  stepper.dispose();
  weights.dispose();
  return found;
}

Deno.test("a compiled step equals an uncompiled one: their losses agree over 50 steps with dropout and factors", () => {
  const compiled = losses(50);
  const own = engine();
  let plain: number[];
  try {
    useEngine({ ...own, jit: (compute) => compute });
    plain = losses(50);
  } finally {
    useEngine(own);
  }
  compiled.forEach((loss, step) => assertAlmostEquals(loss, plain[step]!, 1e-4 * plain[step]!));
  // It learned, so the weights changed.
  assertLess(compiled.at(-1)!, 0.9 * compiled[0]!);
});

Deno.test("steps of one structure are compiled once, for all steppers", () => {
  let traced = 0;
  const toy = toyModel();
  const counted: Architecture = { ...toy, losses: (...given) => (traced++, toy.losses(...given)) };
  const [first, second] = TOY_MATRICES.map(({ name }) => name) as [string, string];
  const step = (change: Partial<StepOptions> = {}, factorize: (weights: Weights) => void = () => {}) => {
    const weights = toyWeights(counted);
    factorize(weights);
    const stepper = new Stepper(weights, { ...OPTIONS, ...change });
    const shape = { batchSize: 4, maxLength: 4, padId: 0 };
    const batch = collate(TOY_EXAMPLES.slice(0, 4), { architecture: toy, shape });
    const { loss } = stepper.step([batch], { key, rate: 1 });
    stepper.dispose();
    weights.dispose();
    return loss;
  };
  const mpoOf = (name: string, tensors = 3) => (weights: Weights) =>
    void weights.factorize([name], { decomposition: mpo({ tensors }), key });
  const loss = step();
  assertEquals([step(), traced], [loss, 1]);
  // The learning rate is an input, the other settings are constants.
  const { optimizer } = OPTIONS;
  step({ optimizer: { ...optimizer, learningRate: 1 } });
  assertEquals(traced, 1);
  step({ optimizer: { ...optimizer, adamBeta1: 0.5 } });
  step({ maxGradNorm: 2 });
  step({ isTrainable: ({ parameter }) => parameter.name === first });
  assertEquals(traced, 4);
  step({}, mpoOf(first));
  step({}, mpoOf(first));
  assertEquals(traced, 5);
  for (const other of [mpoOf(second), mpoOf(first, 4)]) step({}, other);
  assertEquals(traced, 7);
  // Another way to reconstruct, from factors of the same shapes.
  const doubled = svd();
  step({}, (weights) => void weights.factorize([first], { decomposition: svd(), key }));
  const halved = (weights: Weights) =>
    void weights.factorize([first], {
      decomposition: {
        ...doubled,
        plan: (shape) => {
          const plan = doubled.plan(shape);
          return {
            ...plan,
            factorize: (matrix, context) =>
              plan.factorize(matrix, context).map((factor, at) => at === 0 ? tf.mul(factor, 0.5) : factor),
            reconstruct: (factors) => tf.mul(plan.reconstruct(factors), 2),
          };
        },
      },
      key,
    });
  const before = traced;
  assertAlmostEquals(step({}, halved), loss, 1e-5);
  assert(traced > before);
});
