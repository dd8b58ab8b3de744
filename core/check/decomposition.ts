/**
 * The properties of every decomposition, on awkward matrices.
 *
 * @module
 */
import { checkFactors, type Decomposition, EXACT, type Factorization } from "../decomposition.ts";
import type { MatrixInfo } from "../model/model.ts";
import { RandomKey } from "../random.ts";
import * as tf from "../backend/tf.ts";
import { collate } from "../training/batches.ts";
import { Stepper } from "../training/step.ts";
import { TRAINING_DEFAULTS } from "../training/settings.ts";
import { checkSameLogits, Evaluator } from "../training/logits.ts";
import type { ParameterSlot, Weights } from "../model/weights.ts";
import { expect, plainJson, same } from "./expect.ts";
import { checkGradient } from "./gradient.ts";
import { norm, randomMatrix, TOY_EXAMPLES, toyModel, toyWeights } from "./toy.ts";

const key = RandomKey.of(1);
const ofRank = (rank: number, rows: number, columns: number) =>
  tf.matMul(randomMatrix(rows, rank, 1), randomMatrix(rank, columns, 2)) as tf.Tensor2D;

const MATRICES: Readonly<Record<string, () => tf.Tensor2D>> = {
  "1×1": () => randomMatrix(1, 1),
  "1×7": () => randomMatrix(1, 7),
  "7×1": () => randomMatrix(7, 1),
  "prime 13×5": () => randomMatrix(13, 5),
  "square 12×12": () => randomMatrix(12, 12),
  "tall 48×6": () => randomMatrix(48, 6),
  "wide 6×48": () => randomMatrix(6, 48),
  "12×18 of rank 2": () => ofRank(2, 12, 18),
  "zero 6×8": () => tf.zeros([6, 8]),
  "8×6 times 1e4": () => tf.mul(randomMatrix(8, 6), 1e4),
  "8×6 times 1e-6": () => tf.mul(randomMatrix(8, 6), 1e-6),
};

/** The checks by name; each throws if its property does not hold. */
export function decompositionChecks(decomposition: Decomposition): [name: string, check: () => void | Promise<void>][] {
  const onEach = (name: string, check: (matrix: tf.Tensor2D, plan: Factorization) => void) =>
    Object.entries(MATRICES).map(([what, make]): [string, () => void] => [
      `${name} (${what})`,
      () =>
        tf.tidy(() => {
          const matrix = make(), plan = decomposition.plan(matrix.shape);
          checkSizes(plan);
          check(matrix, plan);
        }),
    ]);
  return [
    ["options are plain JSON", () => plainJson(decomposition.options)],
    ...onEach("shapes as planned, error as stated", (matrix, plan) => {
      same(plan.shape, matrix.shape);
      const factors = plan.factorize(matrix, { key });
      checkFactors(plan, factors, decomposition.name);
      const error = distance(plan.reconstruct(factors), matrix);
      const allowed = plan.maxRelativeError ?? EXACT;
      expect(error <= allowed, `expected a relative error of at most ${allowed}, got ${error}`);
    }),
    ...onEach("the same from the same key, again on a second call", (matrix, plan) => {
      const copy = tf.clone(matrix);
      const first = plan.factorize(matrix, { key }).map(values);
      const again = decomposition.plan(matrix.shape).factorize(matrix, { key }).map(values);
      const cause = "random numbers are to come from the context's key";
      const factors = plan.factorize(matrix, { key });
      // Read before they are used: computed together with what follows, they may be rounded in another way.
      same(factors.map(values), first, `a second call gave other factors (${cause})`);
      same(again, first, `a second plan gave other factors (${cause})`);
      same(values(plan.reconstruct(factors)), values(plan.reconstruct(factors)), "reconstruct gave two results");
      same(values(matrix), values(copy), "the matrix it was given changed");
    }),
    ...onEach("gradient as by central differences", (matrix, plan) => checkGradient(matrix, { plan, key })),
    ["the model gives the same logits factorized and merged", () => checkMerging(decomposition)],
    ["throws for a matrix that is not finite", () => checkRefusal(decomposition)],
    ["stored and restored factors reconstruct the same matrix", () => checkSaving(decomposition)],
    ["a step moves its own trained factors and nothing else", () => checkStep(decomposition)],
    ["leaves no tensor behind", () => checkLeaks(decomposition)],
  ];
}

function checkSizes({ factorShapes }: Factorization): void {
  factorShapes.forEach((shape, at) => {
    expect(shape.every((size) => size >= 1), `factor ${at} of shape [${shape.join(", ")}] is empty`);
  });
}

const values = (tensor: tf.Tensor) => [...tensor.dataSync()];
const distance = (a: tf.Tensor, b: tf.Tensor) => norm(tf.sub(a, b)) / (norm(b) || 1);

const INFO: MatrixInfo = { name: "toy.weight", kind: "ffn", module: "toy", layer: 0, shape: [12, 8] };
const OTHER: MatrixInfo = { ...INFO, name: "toy.other.weight", layer: 1 };

async function withWeights(
  decomposition: Decomposition,
  use: (weights: Weights) => void | Promise<void>,
): Promise<void> {
  const weights = toyWeights(toyModel([INFO, OTHER]));
  try {
    weights.factorize([INFO.name], { decomposition, key });
    await use(weights);
  } finally {
    weights.dispose();
  }
}

const SHAPE = { batchSize: 8, maxLength: 4, padId: 0 };
const EXAMPLES = TOY_EXAMPLES.slice(0, 8);

// Merges, evaluates and compares by the functions of a run.
function checkMerging(decomposition: Decomposition): Promise<void> {
  return withWeights(decomposition, async (weights) => {
    const { architecture } = weights;
    const [merged, again] = [weights.toDense(), weights.toDense()].map((dense) => [...dense.values()]);
    try {
      const options = { examples: EXAMPLES, throwIfInterrupted: () => Promise.resolve() };
      const before = await Evaluator.factorized(weights, SHAPE).logits(weights.values, options);
      const after = await Evaluator.dense(architecture, SHAPE).logits(merged!, options);
      checkSameLogits("Merging", { before, after });
      same(again!.map(values), merged!.map(values), "merging twice gave two results");
    } finally {
      tf.dispose([...merged!, ...again!]);
    }
  });
}

function checkRefusal(decomposition: Decomposition): void {
  for (const wrong of [NaN, Infinity]) {
    const matrix = tf.tidy(() => {
      const entries = randomMatrix(12, 8).arraySync();
      entries[3]![5] = wrong;
      return tf.tensor2d(entries);
    });
    const weights = toyWeights(toyModel([INFO]), new Map([[INFO.name, matrix]]));
    matrix.dispose();
    let refused = false;
    try {
      weights.factorize([INFO.name], { decomposition, key });
    } catch {
      refused = true;
    } finally {
      weights.dispose();
    }
    expect(refused, `a matrix with an element ${wrong} was accepted`);
  }
}

function checkSaving(decomposition: Decomposition): Promise<void> {
  return withWeights(decomposition, (weights) => {
    const saved = weights.slots.flatMap(({ parameter }, at) =>
      parameter.name === INFO.name ? [weights.values[at]!] : []
    );
    const again = toyWeights(toyModel([INFO, OTHER]));
    again.restoreFactors(INFO.name, {
      decomposition,
      factors: saved.map((factor) => tf.tensor(factor.dataSync(), factor.shape)),
    });
    const [a, b] = [weights, again].map((each) => {
      const matrix = each.toDense([INFO.name]).get(INFO.name)!;
      const read = values(matrix);
      matrix.dispose();
      return read;
    });
    again.dispose();
    same(b, a, "the restored factors reconstruct another matrix");
  });
}

function checkStep(decomposition: Decomposition): Promise<void> {
  return withWeights(decomposition, (weights) => {
    const batch = collate(EXAMPLES, { architecture: weights.architecture, shape: SHAPE });
    const isTrainable = ({ parameter }: ParameterSlot) => parameter.name === OTHER.name;
    const optimizer = { ...TRAINING_DEFAULTS, learningRate: 1e-2, factorLearningRate: 1e-2, weightDecay: 0 };
    const stepper = new Stepper(weights, { optimizer, maxGradNorm: 1, isTrainable });
    const before = weights.values.map(values);
    try {
      for (let step = 0; step < 2; step++) stepper.step([batch], { key: key.fold(step), rate: 1 });
    } finally {
      stepper.dispose();
    }
    weights.slots.forEach(({ parameter, factor, training }, at) => {
      const moved = weights.values[at]!.dataSync().some((value, place) => value !== before[at]![place]);
      const may = factor === undefined
        ? parameter.name === OTHER.name
        : !training.frozen && training.learningRateMultiplier !== 0;
      const what = factor === undefined ? `the dense parameter ${parameter.name}` : `factor ${factor}`;
      expect(moved === may, `${what} ${moved ? "moved and should not" : "did not move and should"}`);
    });
  });
}

function checkLeaks(decomposition: Decomposition): void {
  const round = () =>
    tf.tidy(() => {
      const matrix = randomMatrix(12, 8);
      const plan = decomposition.plan(matrix.shape);
      plan.reconstruct(plan.factorize(matrix, { key }));
    });
  round(); // what is made once for all may stay
  const before = tf.memory().numTensors;
  for (let times = 0; times < 3; times++) round();
  const left = tf.memory().numTensors - before;
  expect(left === 0, `${left} tensors remained after three rounds`);
}
