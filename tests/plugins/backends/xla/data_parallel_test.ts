// Together: core/training/step.ts, logits.ts and selection/importance_pass.ts on groups of plugins/backends/xla's devices.
import { type EncodedExample, type Engine, RandomKey, tf, useEngine, Weights } from "@opf/framework";
import { bert, mpo, xla } from "@opf/framework/plugins";
import { assert, assertEquals, assertLess } from "@std/assert";
import { toyModel } from "../../../../core/check/toy.ts";
import { chunks, collate } from "../../../../core/training/batches.ts";
import { Evaluator } from "../../../../core/training/logits.ts";
import { ScoringPass } from "../../../../core/training/selection/importance_pass.ts";
import { TRAINING_DEFAULTS } from "../../../../core/training/settings.ts";
import { Stepper } from "../../../../core/training/step.ts";
import { initialTensors } from "../../../_initial_tensors.ts";
import { distance } from "../../../_tensors.ts";
import { CONFIG } from "../../../_tiny.ts";

const alone = await xla.start({ device: "cpu" });
const [three, four] = await Promise.all([3, 4].map((devices) => xla.start({ device: "cpu", devices }))) as [
  Engine,
  Engine,
];
useEngine(alone);

const key = RandomKey.of(5);
const SHAPE = { batchSize: 10, maxLength: 16, padId: 0 }; // 3 and 4 do not divide the batch

/** Examples of different lengths that fit one bucket. */
const EXAMPLES: readonly EncodedExample[] = Array.from({ length: 37 }, (_, index) => {
  const bits = [...key.fold("example").fold(index).bits(16)];
  const ids = [2, ...bits.slice(1, 8 + bits[0]! % 8).map((word) => 5 + word % 15), 3];
  return { index, label: bits[15]! % 2, ids, tokenTypeIds: ids.map(() => 0) };
});

const HEAD = { kind: "classification", outputs: 2 } as const;
const MODELS = Object.fromEntries([0, 0.3].map((rate) => {
  const config = { ...CONFIG, num_hidden_layers: 1, hidden_dropout_prob: rate, attention_probs_dropout_prob: rate };
  return [rate, bert({ source: "a folder" }).architecture(config, HEAD)];
}));
const TOY = toyModel();
const FACTORIZED = ["attention.self.query", "output.dense"].map((name) => `bert.encoder.layer.0.${name}.weight`);

const weightsOf = (architecture: Weights["architecture"]): Weights =>
  new Weights(architecture, initialTensors(architecture, { key, width: 0.2 }));

/** Runs on an engine, then goes back to one device. */
async function on<T>(own: Engine, run: () => T | Promise<T>): Promise<T> {
  useEngine(own);
  try {
    return await run();
  } finally {
    useEngine(alone);
  }
}

interface TrainingOptions {
  readonly architecture: Weights["architecture"];
  readonly steps: number;
  /** Matrices that are factorized. */
  readonly factorized?: readonly string[];
  /** Batches of a step. */
  readonly batches?: number;
  /** Of the dropout masks. */
  readonly seed?: number;
}

/** Losses, gradient norms and values of some steps. */
function train({ architecture, steps, factorized = [], batches = 1, seed = 1 }: TrainingOptions) {
  const weights = weightsOf(architecture);
  weights.factorize(factorized, { decomposition: mpo({ tensors: 3 }), key });
  // A large ε damps the steps that Adam makes of gradients that are pure rounding.
  const optimizer = { ...TRAINING_DEFAULTS, learningRate: 1e-3, factorLearningRate: 1e-3, adamEpsilon: 1e-4 };
  const stepper = new Stepper(weights, { optimizer, maxGradNorm: 1, isTrainable: () => true });
  try {
    const reports = Array.from({ length: steps }, (_, step) => {
      const order = key.fold("order").fold(step).permutation(EXAMPLES.length);
      const examples = order.slice(0, SHAPE.batchSize * batches - 1).map((index) => EXAMPLES[index]!); // one is missing
      const made = [...chunks(examples, SHAPE.batchSize)].map((chunk) =>
        collate(chunk, { architecture, shape: SHAPE })
      );
      return stepper.step(made, { key: RandomKey.of(seed).fold(step), rate: 1 });
    });
    return {
      losses: reports.map(({ loss }) => loss),
      norms: reports.map(({ gradientNorm }) => gradientNorm),
      values: weights.values.flatMap((value) => [...value.dataSync()]),
    };
  } finally {
    stepper.dispose();
    weights.dispose();
  }
}

/** The largest relative difference between numbers. */
const difference = (a: readonly number[], b: readonly number[]) =>
  a.reduce((largest, value, index) => Math.max(largest, Math.abs(value / b[index]! - 1)), 0);

async function assertSame(options: TrainingOptions, groups: readonly Engine[]): Promise<void> {
  const expected = train(options);
  assertEquals(expected.losses.length, options.steps);
  for (const group of groups) {
    const place = `${group.deviceGroup!.size} devices`;
    const found = await on(group, () => train(options));
    assertLess(difference(found.losses, expected.losses), 1e-5, place);
    assertLess(difference(found.norms, expected.norms), 1e-4, place);
    assertLess(distance(tf.tensor1d(found.values), tf.tensor1d(expected.values)), 1e-5, place);
  }
}

Deno.test("50 steps on several devices have the losses of one device within 1e-5, dense and factorized", async () => {
  const options = { architecture: MODELS[0]!, steps: 50 };
  await assertSame(options, [three, four]);
  await assertSame({ ...options, factorized: FACTORIZED }, [three]);
});

Deno.test("several devices drop what one device drops, and the same again", async () => {
  const options = { architecture: MODELS[0.3]!, steps: 10 };
  await assertSame(options, [three]);
  const [once, again, other] = [1, 1, 2].map((seed) => on(three, () => train({ ...options, seed })));
  assertEquals(await once, await again);
  assert(difference((await once)!.losses, (await other)!.losses) > 1e-3);
});

Deno.test("gradients of several batches are added over devices and batches", () =>
  assertSame(
    { architecture: TOY, steps: 5, batches: 3, factorized: ["toy.layer.1.inner.weight"] },
    [three],
  ));

Deno.test("logits are those of one device, for every example", async () => {
  const weights = weightsOf(TOY), throwIfInterrupted = () => Promise.resolve();
  const logits = () =>
    Evaluator.dense(TOY, SHAPE).logits(weights.values, { examples: EXAMPLES, throwIfInterrupted }) as Promise<
      number[][]
    >;
  const expected = await logits();
  assertEquals(expected.length, EXAMPLES.length);
  for (const group of [three, four]) {
    const found = await on(group, logits);
    assertEquals(found.length, expected.length);
    assertLess(distance(tf.tensor2d(found), tf.tensor2d(expected)), 1e-6);
  }
  weights.dispose();
});

Deno.test("scores see the gradients and losses of whole batches", async () => {
  const weights = weightsOf(TOY);
  const measure = async () => {
    const afterBatch = () => Promise.resolve(), { matrices } = TOY;
    const options = { weights, examples: EXAMPLES, shape: SHAPE, matrices, key, afterBatch };
    const pass = new ScoringPass({ ...options, values: weights.toDense() });
    const losses = [await pass.loss()];
    const gradients: number[] = [];
    const add = (found: ReadonlyMap<string, tf.Tensor>) =>
      found.forEach((gradient) => gradients.push(...gradient.dataSync()));
    add(await pass.gradients());
    await pass.eachGradient(add);
    pass.dispose();
    return { losses, gradients };
  };
  const expected = await measure();
  for (const group of [three, four]) {
    const found = await on(group, measure);
    assertLess(difference(found.losses, expected.losses), 1e-6);
    assertEquals(found.gradients.length, expected.gradients.length);
    assertLess(distance(tf.tensor1d(found.gradients), tf.tensor1d(expected.gradients)), 1e-6);
  }
  weights.dispose();
});
