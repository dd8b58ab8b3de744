import { type Architecture, engine, type NamedArrays, RandomKey, rateAt, tf, Weights } from "@opf/framework";
import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { adamW, stepSizes } from "../../../core/training/adamw.ts";
import { Stepper } from "../../../core/training/step.ts";
import { gap } from "../../_tensors.ts";

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

/** A model whose loss is the sum of its parameters times given gradients. */
function linearModel(gradients: () => readonly tf.Tensor[]): Architecture {
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
      tf.reshape(tf.addN(parameters.map(({ name }, index) => tf.sum(tf.mul(read(name), gradients()[index]!)))), [1]),
    outputs: () => tf.zeros([1, 1]),
  };
}

const BATCH: NamedArrays = { exampleMask: { shape: [1], values: Float32Array.of(1) } };

Deno.test("Stepper takes PyTorch's AdamW steps, clipped as there", () => {
  const { settings, start } = FIXTURE;
  let gradients: tf.Tensor[] = [];
  const architecture = linearModel(() => gradients);
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
    gradients = [tf.tensor2d(first), tf.tensor1d(second)];
    // A new model, so that the step is compiled again: the gradients are its constants.
    Object.assign(weights, { architecture: linearModel(() => gradients) });
    stepper.refresh();
    const { gradientNorm } = stepper.step([BATCH], { key: RandomKey.of(1), rate: FIXTURE.rates[step]! });
    assertAlmostEquals(gradientNorm, FIXTURE.norms[step]!, 1e-4 * FIXTURE.norms[step]!);
    weights.values.forEach((value, index) => assertLess(gap(value, FIXTURE.values[step]![index]!), 1e-5));
    tf.dispose(gradients);
  });
  stepper.dispose();
  weights.dispose();
});

Deno.test("stepSizes() gives factors their own learning rate and weight decay", () => {
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
  assertEquals(sizes({}), { stepSize: 0.5, biasCorrection2: 1, weightDecayFactor: 0.75 });
  assertEquals(sizes({ parameter: { ...parameter, noWeightDecay: true } }).weightDecayFactor, 1);
  assertAlmostEquals(sizes({ factor: 0 }).stepSize, 0.05);
  assertAlmostEquals(sizes({ factor: 0 }).weightDecayFactor, 1 - 0.05 * 0.25);
  assertAlmostEquals(sizes({ factor: 0, training: { learningRateMultiplier: 3, decay: 0 } }).stepSize, 0.15);
  assertEquals(sizes({ factor: 0, training: { learningRateMultiplier: 3, decay: 0 } }).weightDecayFactor, 1);
});

Deno.test("adamW() updates each of many tensors by its own gradient, moments and step sizes", () => {
  const [b1, b2, epsilon, maxGradNorm] = [0.8, 0.9, 1e-3, 500];
  const settings = { ...FIXTURE.settings, adamBeta1: b1, adamBeta2: b2, adamEpsilon: epsilon, maxGradNorm };
  const shapes = [[512, 512], [7], [512, 512], [300, 256], [512, 512], [3, 4], [512, 512], [256, 300], [512, 512]];
  const sizes = shapes.map((_, index) => [0.01 * (index + 1), 1 + index / 10, 1 - index / 100]);
  tf.tidy(() => {
    const randomLike = (shape: number[], index: number) => tf.randomUniform(shape, -1, 1, "float32", index);
    const parts = [0, 1, 2, 3].map((part) => shapes.map((shape, index) => randomLike(shape, 10 * part + index)));
    const [values, firsts, gradients] = [parts[0]!, parts[1]!, parts[3]!];
    const seconds = parts[2]!.map((tensor) => tf.square(tensor) as tf.Tensor);
    const gradientValues = gradients.map((tensor) => tensor.dataSync());
    const norm = Math.sqrt(gradientValues.flatMap((all) => [...all]).reduce((sum, g) => sum + g * g, 0));
    const count = shapes.length;
    const take = (tensors: tf.Tensor[]) => tensors.splice(0, count);
    const step = engine().jit((...inputs) => {
      const alone = () => take(inputs).map((tensor) => [tensor]);
      const state = { values: alone(), firsts: take(inputs), seconds: take(inputs) };
      const moved = adamW(state, { gradients: alone(), others: [], stepSizes: inputs[0] as tf.Tensor2D }, {
        ...settings,
        factorWeightDecay: 0,
        factorLearningRate: 0,
      });
      return [...moved.values.flat(), ...moved.firsts, ...moved.seconds, moved.norm];
    }, { donate: Array.from({ length: 3 * count }, (_, index) => index) });
    let state = [...values, ...firsts, ...seconds];
    for (const _ of ["from the host", "donated by the step before"]) {
      const before = state.map((tensor) => tensor.dataSync());
      const after = step(...state, ...gradients, tf.tensor2d(sizes));
      assertAlmostEquals(after.pop()!.dataSync()[0]!, norm, 1e-4 * norm);
      sizes.forEach(([stepSize, correction, decayFactor], index) => {
        const [value, first, second] = [0, 1, 2].map((part) => before[part * count + index]!) as Float32Array[];
        const updated = [0, 1, 2].map((part) => after[part * count + index]!.dataSync());
        for (let place = 0; place < value!.length; place += Math.ceil(value!.length / 50)) {
          const g = gradientValues[index]![place]! * maxGradNorm / norm;
          const m = b1 * first![place]! + (1 - b1) * g, v = b2 * second![place]! + (1 - b2) * g * g;
          const moved = decayFactor! * value![place]! - stepSize! * m / (correction! * Math.sqrt(v) + epsilon);
          [moved, m, v].forEach((expected, part) => assertAlmostEquals(updated[part]![place]!, expected, 1e-4));
        }
      });
      state = after;
    }
  });
});
