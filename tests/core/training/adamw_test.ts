import { type Architecture, engine, type NamedArrays, RandomKey, rateAt, tf, Weights } from "@opf/framework";
import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { adamW, stepSizes } from "../../../core/training/adamw.ts";
import { Stepper } from "../../../core/training/step.ts";
import { distance, gap, matrix } from "../../_tensors.ts";

const FIXTURE = JSON.parse(Deno.readTextFileSync(new URL("../../fixtures/adamw.json", import.meta.url))) as {
  settings: {
    learningRate: number;
    weightDecay: number;
    adamBeta1: number;
    adamBeta2: number;
    adamEpsilon: number;
    maxGradNorm: number;
  };
  steps: number;
  warmup: number;
  start: [number[][], number[]];
  rates: number[];
  norms: number[];
  gradients: [number[][], number[]][];
  values: [number[][], number[]][];
};

Deno.test("rateAt() is Transformers' linear schedule with warm-up", () => {
  const schedule = { warmupSteps: FIXTURE.warmup, totalSteps: FIXTURE.steps };
  FIXTURE.rates.forEach((rate, step) => assertAlmostEquals(rateAt(step, schedule), rate, 1e-12));
});

// A model whose loss is the sum of its parameters times given numbers: these numbers are its gradients.
function linearModel(slopes: () => readonly tf.Tensor[]): Architecture {
  const parameters = [{ name: "a.weight", shape: [3, 2] }, { name: "a.bias", shape: [4], noWeightDecay: true }];
  return {
    config: {},
    parameters,
    matrices: [],
    maxLength: 1,
    initializerRange: 1,
    canonicalName: (name) => name,
    collate: () => BATCH,
    losses: (read) =>
      tf.reshape(tf.addN(parameters.map(({ name }, at) => tf.sum(tf.mul(read(name), slopes()[at]!)))), [1]),
    outputs: () => tf.zeros([1, 1]),
  };
}

const BATCH: NamedArrays = { exampleMask: { shape: [1], values: Float32Array.of(1) } };

Deno.test("Stepper takes PyTorch's AdamW steps, clipped as there", () => {
  const { settings, start } = FIXTURE;
  let slopes: tf.Tensor[] = [];
  const architecture = linearModel(() => slopes);
  const weights = new Weights(
    architecture,
    new Map<string, tf.Tensor>([["a.weight", tf.tensor2d(start[0])], ["a.bias", tf.tensor1d(start[1])]]),
  );
  const optimizer = { ...settings, factorLearningRate: 0, factorWeightDecay: 0 };
  const stepper = new Stepper(weights, {
    optimizer,
    maxGradNorm: settings.maxGradNorm,
    isTrainable: () => true,
  });
  FIXTURE.gradients.forEach(([first, second], step) => {
    slopes = [tf.tensor2d(first), tf.tensor1d(second)];
    // A model of its own, compiled anew: the slopes are constants of the compiled step.
    Object.assign(weights, { architecture: linearModel(() => slopes) });
    stepper.refresh();
    const { gradientNorm } = stepper.step([BATCH], { key: RandomKey.of(1), rate: FIXTURE.rates[step]! });
    assertAlmostEquals(gradientNorm, FIXTURE.norms[step]!, 1e-4 * FIXTURE.norms[step]!);
    weights.values.forEach((value, at) => assertLess(gap(value, FIXTURE.values[step]![at]!), 1e-5));
    tf.dispose(slopes);
  });
  stepper.dispose();
  weights.dispose();
});

Deno.test("stepSizes() gives factors their own rate and decay", () => {
  const settings = {
    adamBeta1: 0,
    adamBeta2: 0,
    adamEpsilon: 0,
    learningRate: 1,
    factorLearningRate: 0.1,
    weightDecay: 0.5,
    factorWeightDecay: 0.25,
  };
  const parameter = { name: "a.weight", shape: [2, 2] };
  const sizes = (more: object) =>
    stepSizes({ parameter, training: {}, shape: [2, 2], ...more }, { t: 1, rate: 0.5, settings });
  assertEquals(sizes({}), { stepSize: 0.5, biasCorrection2: 1, kept: 0.75 });
  assertEquals(sizes({ parameter: { ...parameter, noWeightDecay: true } }).kept, 1);
  assertAlmostEquals(sizes({ factor: 0 }).stepSize, 0.05);
  assertAlmostEquals(sizes({ factor: 0 }).kept, 1 - 0.05 * 0.25);
  assertAlmostEquals(sizes({ factor: 0, training: { learningRateMultiplier: 3, decay: 0 } }).stepSize, 0.15);
  assertEquals(sizes({ factor: 0, training: { learningRateMultiplier: 3, decay: 0 } }).kept, 1);
});

Deno.test("a table of which few rows have a gradient moves as by its whole gradient", () =>
  tf.tidy(() => {
    const [entries, width] = [500, 160];
    const settings = { ...FIXTURE.settings, factorWeightDecay: 0, factorLearningRate: 0 };
    const start = [matrix(entries, width), tf.zeros([entries, width]), tf.zeros([entries, width])];
    const rates = tf.tensor2d([[1e-2, 1.5, 0.99]]);
    const step = (state: readonly tf.Tensor[], gradient: tf.Tensor) => {
      const [values, firsts, seconds] = state.map((tensor) => [tensor]) as [tf.Tensor[], tf.Tensor[], tf.Tensor[]];
      const moved = adamW({ values, firsts, seconds }, { gradients: [gradient], others: [], rates }, settings);
      return [moved.values[0]!, moved.firsts[0]!, moved.seconds[0]!, moved.norm];
    };
    for (const count of [100, 200]) { // rows, some of them repeated
      const ids = tf.tensor1d(
        Array.from({ length: count }, (_, at) => (at % 7 === 0 ? 3 : at * at) % entries),
        "int32",
      );
      const sum = (slopes: tf.Tensor) => tf.unsortedSegmentSum(slopes as tf.Tensor2D, ids, entries);
      const compiled = engine().jit((slopes, ...state) => {
        const gradient = sum(slopes!);
        return step(state, gradient);
      }, { donate: [1, 2, 3] });
      let [found, wanted] = [start.map((tensor) => tf.clone(tensor)), start];
      for (const seed of [4, 5, 6]) {
        const slopes = tf.mul(matrix(count, width, seed), 0.1);
        const [own, dense] = [compiled(slopes, ...found), step(wanted, tf.add(sum(slopes), 0))];
        own.forEach((tensor, at) => assertLess(distance(tensor, dense[at]!), 1e-6));
        [found, wanted] = [own.slice(0, 3), dense.slice(0, 3)];
      }
    }
  }));

Deno.test("adamW() moves each of many tensors by its own gradient, moments and rates, whatever kernels they share", () => {
  const [b1, b2, epsilon, maxGradNorm] = [0.8, 0.9, 1e-3, 500];
  const settings = { ...FIXTURE.settings, adamBeta1: b1, adamBeta2: b2, adamEpsilon: epsilon, maxGradNorm };
  const shapes = [[512, 512], [7], [512, 512], [300, 256], [512, 512], [3, 4], [512, 512], [256, 300], [512, 512]];
  const rates = shapes.map((_, at) => [0.01 * (at + 1), 1 + at / 10, 1 - at / 100]);
  tf.tidy(() => {
    const randomLike = (shape: number[], at: number) => tf.randomUniform(shape, -1, 1, "float32", at);
    const parts = [0, 1, 2, 3].map((part) => shapes.map((shape, at) => randomLike(shape, 10 * part + at)));
    const [values, firsts, gradients] = [parts[0]!, parts[1]!, parts[3]!];
    const seconds = parts[2]!.map((tensor) => tf.square(tensor) as tf.Tensor);
    const gradientNumbers = gradients.map((tensor) => tensor.dataSync());
    const norm = Math.sqrt(gradientNumbers.flatMap((all) => [...all]).reduce((sum, g) => sum + g * g, 0));
    const count = shapes.length;
    const take = (tensors: tf.Tensor[]) => tensors.splice(0, count);
    const step = engine().jit((...inputs) => {
      const state = { values: take(inputs), firsts: take(inputs), seconds: take(inputs) };
      const moved = adamW(state, { gradients: take(inputs), others: [], rates: inputs[0] as tf.Tensor2D }, {
        ...settings,
        factorWeightDecay: 0,
        factorLearningRate: 0,
      });
      return [...moved.values, ...moved.firsts, ...moved.seconds, moved.norm];
    }, { donate: Array.from({ length: 3 * count }, (_, at) => at) });
    let state = [...values, ...firsts, ...seconds];
    for (const _ of ["given", "in the engine's own memory"]) {
      const before = state.map((tensor) => tensor.dataSync());
      const after = step(...state, ...gradients, tf.tensor2d(rates));
      assertAlmostEquals(after.pop()!.dataSync()[0]!, norm, 1e-4 * norm);
      rates.forEach(([stepSize, correction, kept], at) => {
        const [value, first, second] = [0, 1, 2].map((part) => before[part * count + at]!) as Float32Array[];
        const found = [0, 1, 2].map((part) => after[part * count + at]!.dataSync());
        for (let place = 0; place < value!.length; place += Math.ceil(value!.length / 50)) {
          const g = gradientNumbers[at]![place]! * maxGradNorm / norm;
          const m = b1 * first![place]! + (1 - b1) * g, v = b2 * second![place]! + (1 - b2) * g * g;
          const moved = kept! * value![place]! - stepSize! * m / (correction! * Math.sqrt(v) + epsilon);
          [moved, m, v].forEach((wanted, part) => assertAlmostEquals(found[part]![place]!, wanted, 1e-4));
        }
      });
      state = after;
    }
  });
});
