// Together: plugins/backends/xla/_runtime.ts and core/training/step_reports.ts, over many steps that are started ahead.
import { engine, RandomKey, tf, useEngine } from "@opf/framework";
import { xla } from "@opf/framework/plugins";
import { assert, assertEquals, assertLess } from "@std/assert";
import { TOY_EXAMPLES, toyModel, toyWeights } from "../../../../core/check/toy.ts";
import { collate } from "../../../../core/training/batches.ts";
import { Evaluator } from "../../../../core/training/logits.ts";
import { TRAINING_DEFAULTS } from "../../../../core/training/settings.ts";
import { type StartedStep, StepReports } from "../../../../core/training/step_reports.ts";
import { Stepper } from "../../../../core/training/step.ts";
import { DeviceBuffer } from "../../../../plugins/backends/xla/_pjrt/buffer.ts";
import { Executable } from "../../../../plugins/backends/xla/_pjrt/executable.ts";

useEngine(await xla.start({ device: "cpu" }));
const key = RandomKey.of(1);
const shape = { batchSize: 8, maxLength: 4, padId: 0 };
const OPTIONS = { optimizer: TRAINING_DEFAULTS, maxGradNorm: 1, isTrainable: () => true };

/** Counts the arrays that are made on the device and not destroyed yet, until `restore` is called. */
function countArrays() {
  const { fromHost, prototype: { destroy } } = DeviceBuffer;
  const { execute } = Executable.prototype;
  let live = 0;
  DeviceBuffer.fromHost = function (...args) {
    live++;
    return fromHost.apply(DeviceBuffer, args);
  };
  DeviceBuffer.prototype.destroy = function () {
    live--;
    destroy.call(this);
  };
  Executable.prototype.execute = function (...args) {
    const outputs = execute.apply(this, args);
    live += outputs.flat().length;
    return outputs;
  };
  const restore = () => {
    DeviceBuffer.fromHost = fromHost;
    DeviceBuffer.prototype.destroy = destroy;
    Executable.prototype.execute = execute;
  };
  return { live: () => live, restore };
}

const batchAt = (step: number) => {
  const from = step % (TOY_EXAMPLES.length - shape.batchSize);
  return collate(TOY_EXAMPLES.slice(from, from + shape.batchSize), { architecture: toyModel(), shape });
};

Deno.test("2,000 steps and evaluations between them leave no array, no tensor and no step behind", async () => {
  const weights = toyWeights();
  const stepper = new Stepper(weights, OPTIONS);
  const evaluator = Evaluator.dense(weights.architecture, shape);
  let read = 0;
  const reports = new StepReports(() => read++);
  const take = async (step: number) => {
    const report = stepper.start([batchAt(step)], { key: key.fold(step), rate: 1 });
    await reports.add({ report, started: performance.now() });
  };
  const options = { examples: TOY_EXAMPLES, throwIfInterrupted: () => Promise.resolve() };
  const rest = async () => {
    await reports.settle();
    await evaluator.logits(weights.values, options);
  };
  await take(0);
  await rest();
  const arrays = countArrays();
  try {
    const { tensors } = engine().memory();
    for (let step = 1; step <= 2000; step++) {
      const started = read;
      await take(step);
      // What is not read yet is a report a step; the steps under way have a batch each.
      assertLess(arrays.live(), step + 1 - started + 2 * Object.keys(batchAt(step)).length + 16);
      if (step % 250 > 0) continue;
      await rest();
      assertEquals([read, arrays.live(), engine().memory().tensors], [step + 1, 0, tensors]);
    }
  } finally {
    arrays.restore();
  }
  stepper.dispose();
  weights.dispose();
});

Deno.test("steps that are started ahead have the reports and weights of steps that are waited for", async () => {
  const waited = toyWeights(), ahead = toyWeights();
  const [one, other] = [new Stepper(waited, OPTIONS), new Stepper(ahead, OPTIONS)];
  const expected = Array.from({ length: 40 }, (_, step) => one.step([batchAt(step)], { key: key.fold(step), rate: 1 }));
  const actual: typeof expected = [];
  const reports = new StepReports<StartedStep>((_, { loss, gradientNorm }) => actual.push({ loss, gradientNorm }));
  for (let step = 0; step < 40; step++) {
    const report = other.start([batchAt(step)], { key: key.fold(step), rate: 1 });
    await reports.add({ report, started: performance.now() });
  }
  await reports.settle();
  assertEquals(actual, expected);
  assertEquals(ahead.values.map((value) => value.dataSync()), waited.values.map((value) => value.dataSync()));
  for (const used of [one, other, waited, ahead]) used.dispose();
});

Deno.test("a tensor is ready when it is computed, known or uniform, also if it is disposed meanwhile", async () => {
  const { ready } = engine();
  assert(ready);
  const tensors = [tf.tensor1d([1, 2]), tf.zeros([300, 300]), tf.tidy(() => tf.exp(tf.tensor1d([1, 2, 3])))];
  await Promise.all(tensors.map((tensor) => {
    const waiting = ready(tensor);
    tensor.dispose();
    return waiting;
  }));
});
