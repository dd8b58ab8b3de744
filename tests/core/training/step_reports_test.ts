import { engine, tf, useEngine } from "@opf/framework";
import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { type StartedStep, StepReports } from "../../../core/training/step_reports.ts";

interface NumberedStep extends StartedStep {
  readonly step: number;
}

/** A step whose loss is a tenth of its number, and its gradient norm ten times it. */
const started = (step: number): NumberedStep => ({
  step,
  started: performance.now(),
  report: tf.tensor1d([step / 10, step * 10]),
});

/** The same engine, but tensors are ready when the test says so. */
async function withAsynchronousEngine(use: (ready: (tensor: tf.Tensor) => void) => Promise<void>): Promise<void> {
  const own = engine();
  const waiting = new Map<tf.Tensor, () => void>(), early = new Set<tf.Tensor>();
  const ready = (tensor: tf.Tensor) =>
    new Promise<void>((resolve) => early.has(tensor) ? resolve() : waiting.set(tensor, resolve));
  useEngine({ ...own, ready });
  try {
    await use((tensor) => {
      early.add(tensor);
      waiting.get(tensor)?.();
    });
  } finally {
    useEngine(own);
  }
}

const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  let done = false;
  promise.then(() => done = true);
  await new Promise((resolve) => setTimeout(resolve, 0));
  return done;
};

Deno.test("StepReports gives every report once, in the order of the steps, and leaves no tensor behind", async () => {
  const before = tf.memory().numTensors;
  const read: [step: number, loss: number, norm: number][] = [];
  const reports = new StepReports<NumberedStep>(({ step }, { loss, gradientNorm, seconds }) => {
    read.push([step, Math.round(10 * loss), gradientNorm]);
    assertGreater(seconds + 1e-9, 0);
  });
  for (let step = 1; step <= 300; step++) await reports.add(started(step));
  await reports.settle();
  assertEquals(read, Array.from({ length: 300 }, (_, index) => [index + 1, index + 1, 10 * (index + 1)]));
  await reports.settle();
  assertEquals([read.length, tf.memory().numTensors], [300, before]);
});

Deno.test("StepReports lets one step wait behind the running one, not more, and reads none that runs", () =>
  withAsynchronousEngine(async (ready) => {
    const read: number[] = [];
    const reports = new StepReports<NumberedStep>(({ step }) => read.push(step));
    const steps = [1, 2, 3].map(started);
    assertEquals(await settled(reports.add(steps[0]!)), true);
    const second = reports.add(steps[1]!);
    assertEquals([await settled(second), read], [false, []]);
    ready(steps[0]!.report);
    assertEquals(await settled(second), true);
    const third = reports.add(steps[2]!);
    assertEquals([await settled(third), read.includes(2)], [false, false]);
    ready(steps[1]!.report);
    await third;
    const settling = reports.settle();
    assertEquals([await settled(settling), read.includes(3)], [false, false]);
    ready(steps[2]!.report);
    await settling;
    assertEquals(read, [1, 2, 3]);
  }));

Deno.test("StepReports gives nothing more after a report that is refused, and frees what it holds", async () => {
  const before = tf.memory().numTensors;
  const read: number[] = [];
  const reports = new StepReports<NumberedStep>(({ step }) => {
    read.push(step);
    if (step === 3) throw new Error("refused");
  });
  await assertRejects(
    async () => {
      for (let step = 1; step <= 6; step++) await reports.add(started(step));
      await reports.settle();
    },
    Error,
    "refused",
  );
  assertEquals(read, [1, 2, 3]);
  reports.dispose();
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("StepReports frees the reports of steps that nobody waits for", () =>
  withAsynchronousEngine(async () => {
    const before = tf.memory().numTensors;
    const reports = new StepReports<NumberedStep>(() => {});
    await reports.add(started(1));
    void reports.add(started(2));
    reports.dispose();
    assertEquals(tf.memory().numTensors, before);
  }));
