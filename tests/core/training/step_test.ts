import { type Decomposition, engine, type NamedArrays, RandomKey, tf, Weights } from "@opf/framework";
import { bert, mpo } from "@opf/framework/plugins";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { TOY_EXAMPLES, TOY_MATRICES, toyModel, toyWeights } from "../../../core/check/toy.ts";
import { batchTensors } from "../../../core/model/batch.ts";
import { collate } from "../../../core/training/batches.ts";
import { TRAINING_DEFAULTS } from "../../../core/training/settings.ts";
import { slotName } from "../../../core/training/optimizer_state.ts";
import { type StepOptions, Stepper } from "../../../core/training/step.ts";
import { initialTensors } from "../../_initial_tensors.ts";
import { distance, norm } from "../../_tensors.ts";
import { CONFIG } from "../../_tiny.ts";

const key = RandomKey.of(1);
const [FIRST, SECOND] = TOY_MATRICES.map(({ name }) => name) as [string, string];

const toyBatch = (from = 0, count = 8, batchSize = count): NamedArrays => {
  const shape = { batchSize, maxLength: 4, padId: 0 };
  return collate(TOY_EXAMPLES.slice(from, from + count), { architecture: toyModel(), shape });
};

const options = (change: Partial<StepOptions> = {}): StepOptions => ({
  optimizer: { ...TRAINING_DEFAULTS, learningRate: 1e-2, factorLearningRate: 1e-2, weightDecay: 0 },
  maxGradNorm: 1,
  isTrainable: () => true,
  ...change,
});

/** With ε so large that Adam's first step is the gradient over ε, a step at a rate of ε is the gradient. */
const GRADIENT_STEPS = { adamEpsilon: 1e6, learningRate: 1e6, factorLearningRate: 1e6 };

interface Run {
  /** Batches of each step. */
  readonly steps: readonly (readonly NamedArrays[])[];
  readonly options?: StepOptions;
  readonly weights?: Weights;
  readonly key?: RandomKey;
}

/** Takes steps, and returns their reports and every value after the last. */
function run({ steps, options: given = options(), weights = toyWeights(), key: of = key }: Run) {
  const stepper = new Stepper(weights, given);
  const before = weights.values.map((value) => value.dataSync());
  const reports = steps.map((batches, step) => stepper.step(batches, { key: of.fold(step), rate: 1 }));
  const names = weights.slots.map(slotName);
  const after = weights.values.map((value) => value.dataSync());
  stepper.dispose();
  weights.dispose();
  const moved = names.filter((_, at) => after[at]!.some((value, place) => value !== before[at]![place]));
  return { reports, after, moved, names };
}

const factorized = (decomposition: Decomposition, names = [FIRST]): Weights => {
  const weights = toyWeights();
  for (const name of names) weights.factorize([name], { decomposition, key });
  return weights;
};

/** The loss of a classifier, example by example. */
function lossOf(weights: Weights, examples: readonly typeof TOY_EXAMPLES[number][]): number {
  const batch = toyBatch(0, examples.length);
  return tf.tidy(() => {
    const outputs = weights.architecture.outputs(weights.structure.reader(weights.values), batchTensors(batch));
    const losses = (outputs.arraySync() as number[][]).map((row, index) =>
      Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0)) - row[examples[index]!.label]!
    );
    return losses.reduce((sum, loss) => sum + loss, 0) / examples.length;
  });
}

Deno.test("Stepper reports the mean loss before the step, and the step reduces it", () => {
  const weights = toyWeights();
  const expected = lossOf(weights, TOY_EXAMPLES);
  const { reports } = run({ weights, steps: Array(30).fill([toyBatch(0, 24)]) });
  assertAlmostEquals(reports[0]!.loss, expected, 1e-5);
  assertLess(reports.at(-1)!.loss, 0.5 * expected);
});

Deno.test("Stepper ignores padded examples, in the loss and in the gradients", () => {
  const still = run({ steps: [[toyBatch(0, 5)], [toyBatch(5, 5)]] });
  const padded = run({
    steps: [0, 5].map((from) => {
      const batch = toyBatch(from, 5, 8);
      batch.labels!.values.fill(1, 5);
      batch.inputIds!.values.fill(99, 5 * 4); // arbitrary tokens
      return [batch];
    }),
  });
  padded.reports.forEach(({ loss, gradientNorm }, at) => {
    assertAlmostEquals(loss, still.reports[at]!.loss, 1e-6);
    assertAlmostEquals(gradientNorm, still.reports[at]!.gradientNorm, 1e-5);
  });
  padded.after.forEach((values, at) =>
    values.forEach((value, place) => assertAlmostEquals(value, still.after[at]![place]!, 1e-5))
  );
});

Deno.test("Stepper takes the same step on several batches as on one batch of all their examples, dense and factorized", () => {
  for (const decomposition of [undefined, mpo({ tensors: 3 })]) {
    const weights = () => decomposition ? factorized(decomposition, [FIRST, SECOND]) : toyWeights();
    // Batches of unequal size: the mean is over examples, not over batches.
    const parts = [[toyBatch(0, 4), toyBatch(4, 4, 4), toyBatch(8, 1, 4)]];
    const [whole, accumulated] = [
      run({ steps: [[toyBatch(0, 9)]], weights: weights() }),
      run({ steps: parts, weights: weights() }),
    ];
    assertAlmostEquals(accumulated.reports[0]!.loss, whole.reports[0]!.loss, 1e-6);
    assertAlmostEquals(accumulated.reports[0]!.gradientNorm, whole.reports[0]!.gradientNorm, 1e-5);
    assertEquals(accumulated.moved, whole.moved);
  }
});

Deno.test("Stepper updates the trained parameters and no others", () => {
  const only = options({ isTrainable: ({ parameter }) => parameter.name === SECOND });
  assertEquals(run({ steps: [[toyBatch()]], options: only }).moved, [SECOND]);
  // Factors are trained because their matrix was selected, except those that their plan freezes.
  const still: Decomposition = {
    ...mpo({ tensors: 3 }),
    plan: (shape) => ({
      ...mpo({ tensors: 3 }).plan(shape),
      training: [{}, { frozen: true }, { learningRateMultiplier: 0 }],
    }),
  };
  const { moved, names } = run({ steps: [[toyBatch()], [toyBatch()]], options: only, weights: factorized(still) });
  assert(names.includes(`${FIRST}#2`));
  assertEquals(moved, [`${FIRST}#0`, SECOND]);
  const weights = toyWeights();
  assertThrows(() => new Stepper(weights, options({ isTrainable: () => false })), Error, "Nothing is trained");
  weights.dispose();
});

Deno.test("Stepper clips to the global norm: at a tenth of the norm, the change is a tenth of the gradients", () => {
  const optimizer = { ...options().optimizer, ...GRADIENT_STEPS };
  const step = (maxGradNorm: number) => {
    const before = toyWeights();
    const start = before.values.map((value) => value.dataSync());
    before.dispose();
    const { after, reports } = run({ steps: [[toyBatch()]], options: options({ optimizer, maxGradNorm }) });
    return {
      norm: reports[0]!.gradientNorm,
      change: after.flatMap((values, at) => [...values].map((v, p) => v - start[at]![p]!)),
    };
  };
  const { norm, change } = step(1e9);
  assertAlmostEquals(Math.hypot(...change), norm, 1e-3 * norm);
  assertAlmostEquals(Math.hypot(...step(norm / 10).change), norm / 10, 1e-3 * norm);
});

Deno.test("Stepper keeps the moments of dense parameters when matrices are factorized between steps", () => {
  const weights = toyWeights();
  const stepper = new Stepper(weights, options());
  const step = (number: number) => stepper.step([toyBatch()], { key: key.fold(number), rate: 1 });
  step(0);
  const tensors = tf.memory().numTensors;
  weights.factorize([FIRST], { decomposition: mpo({ tensors: 2 }), key });
  stepper.refresh();
  // One matrix with two moments became two factors with two moments each.
  assertEquals(tf.memory().numTensors, tensors + 3);
  assertEquals(stepper.trained.map(slotName).slice(0, 3), [`${FIRST}#0`, `${FIRST}#1`, SECOND]);
  const before = weights.values.map((value) => value.dataSync());
  step(1);
  // The first step of Adam moves every element that has a gradient by the learning rate; later ones by less or more.
  const moves = (at: number) =>
    [...weights.values[at]!.dataSync()].map((value, place) => Math.abs(value - before[at]![place]!));
  assert(moves(0).every((move) => Math.abs(move - 1e-2) < 1e-4));
  assert(moves(2).some((move) => Math.abs(move - 1e-2) > 1e-4));
  stepper.dispose();
  weights.dispose();
});

Deno.test("Stepper leaves no tensors behind, however many steps it takes", () => {
  const weights = factorized(mpo({ tensors: 3 }));
  const stepper = new Stepper(weights, options());
  const count = (batches: readonly NamedArrays[], step: number) => {
    stepper.step(batches, { key: key.fold(step), rate: 1 });
    return [tf.memory().numTensors, engine().memory().tensors];
  };
  for (const batches of [[toyBatch()], [toyBatch(0, 4), toyBatch(4, 4)]]) {
    const settled = count(batches, 0);
    for (let step = 1; step < 4; step++) assertEquals(count(batches, step), settled);
  }
  stepper.dispose();
  weights.dispose();
});

/** One layer of a tiny BERT, the same each time. */
function tinyBert(dropout: number): Weights {
  const config = {
    ...CONFIG,
    num_hidden_layers: 1,
    hidden_dropout_prob: dropout,
    attention_probs_dropout_prob: dropout,
  };
  const architecture = bert({ source: "tiny" }).architecture(config, { kind: "classification", outputs: 2 });
  return new Weights(architecture, initialTensors(architecture, { key: RandomKey.of(5), width: 0.3 }));
}

const bertExamples = TOY_EXAMPLES.slice(0, 6).map(({ index, label }) => ({
  index,
  label,
  ids: [2, 5 + index % 4, 6, 3].slice(0, 2 + index % 3),
  tokenTypeIds: [0, 0, 0, 0].slice(0, 2 + index % 3),
}));
const bertBatch = () =>
  collate(bertExamples, { architecture: toyModel(), shape: { batchSize: 6, maxLength: 4, padId: 0 } });

Deno.test("Stepper draws dropout from the key alone: the same key, the same bits", () => {
  const steps = [[bertBatch()], [bertBatch()]];
  const [first, again, other] = [1, 1, 2].map((seed) =>
    run({ steps, weights: tinyBert(0.2), key: RandomKey.of(seed) })
  );
  assertEquals(again, first);
  assertNotEquals(other!.reports[0]!.loss, first!.reports[0]!.loss);
});

Deno.test("Stepper's factorized model has the dense model's loss and gradients, and gives factors their gradients by the chain rule", () => {
  const name = "bert.encoder.layer.0.intermediate.dense.weight";
  const optimizer = { ...options().optimizer, ...GRADIENT_STEPS };
  const gradientOptions = options({ optimizer, maxGradNorm: 1e9 });
  const dense = tinyBert(0);
  const at = dense.slots.findIndex(({ parameter }) => parameter.name === name);
  const matrix = tf.clone(dense.values[at]!) as tf.Tensor2D;
  const plain = run({ steps: [[bertBatch()]], weights: dense, options: gradientOptions });
  const weights = tinyBert(0);
  const plan = mpo({ tensors: 2 }).plan(matrix.shape);
  weights.factorize([name], { decomposition: mpo({ tensors: 2 }), key });
  const factors = weights.values.slice(at, at + 2).map((value) => tf.clone(value));
  const opf = run({ steps: [[bertBatch()]], weights, options: gradientOptions });
  assertAlmostEquals(opf.reports[0]!.loss, plain.reports[0]!.loss, 1e-5);
  opf.after.toSpliced(at, 2).forEach((values, other) => {
    const expected = plain.after.toSpliced(at, 1)[other]!;
    values.forEach((value, place) => assertAlmostEquals(value, expected[place]!, 1e-4));
  });
  tf.tidy(() => {
    const gradient = tf.sub(matrix, tf.tensor2d(plain.after[at] as Float32Array, matrix.shape));
    const expected = tf.grads((...moving: tf.Tensor[]) =>
      tf.sum<tf.Scalar>(tf.mul(plan.reconstruct(moving), gradient))
    )(
      factors,
    );
    expected.forEach((gradient, factor) => {
      const ours = tf.sub(factors[factor]!, tf.tensor(opf.after[at + factor]!, gradient.shape));
      assertGreater(norm(gradient), 1e-2);
      assertLess(distance(ours, gradient), 1e-3);
    });
  });
  tf.dispose([matrix, ...factors]);
});
