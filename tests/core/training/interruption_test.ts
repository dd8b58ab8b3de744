// Together: core/training/fine_tune.ts, step_reports.ts and snapshot.ts, on steps that are started ahead and on interruptions.
import { engine, Interrupted, tf, useEngine } from "@opf/framework";
import { dynamicTop, mpo, taylor } from "@opf/framework/plugins";
import { assertEquals, assertLess, assertRejects } from "@std/assert";
import type { TrainingEvent } from "../../../core/training/fine_tune_request.ts";
import type { Checkpoint, Position, TrainingState } from "../../../core/training/training_state.ts";
import { run } from "./_fine_tune.ts";

/** As on an engine that computes later: steps are started ahead, and their reports are read in stretches. */
async function asynchronously<T>(use: () => Promise<T>): Promise<T> {
  const own = engine();
  useEngine({ ...own, ready: () => new Promise((resolve) => setTimeout(resolve, 0)) });
  try {
    return await use();
  } finally {
    useEngine(own);
  }
}

/** All that a run says of numbers. */
const numbersOf = ({ outcome: { seconds: _, merged: __, ...outcome }, events }: Awaited<ReturnType<typeof run>>) => ({
  outcome,
  events: events.map(({ ...event }) => event.type === "step" ? { ...event, seconds: 0, residentBytes: 0 } : event),
});

Deno.test("fineTune() logs and predicts the same on an asynchronous engine, event by event", async () => {
  const policy = dynamicTop({ n: 2, every: { steps: 3 }, score: taylor({ gradients: "training" }) });
  const change = { method: { decomposition: mpo({ tensors: 3 }), policy } };
  const settings = { epochs: 3, keep: "best", heldOut: 0.25 } as const;
  const [expected, actual] = [await run({ settings, change }), await asynchronously(() => run({ settings, change }))];
  assertEquals(numbersOf(actual), numbersOf(expected));
});

Deno.test("fineTune() ends as diverged at the step that did, whenever its loss is read, and saves none of what followed", async () => {
  for (const on of [<T>(use: () => Promise<T>) => use(), asynchronously]) {
    const before = tf.memory().numTensors;
    let asked = 0;
    const saved: number[] = [];
    const checkpoint: Checkpoint = {
      load: () => undefined,
      due: () => ++asked === 5,
      save: ({ facts }) => Promise.resolve(void saved.push(facts.position.step)),
    };
    const { outcome, events } = await on(() =>
      run({ settings: { learningRate: 1e30, warmupRatio: 0, batchSize: 4, epochs: 1 }, change: { checkpoint } })
    );
    const losses = events.map((event) => event.type === "step" && event.loss);
    assertEquals(losses.findIndex((loss) => !Number.isFinite(loss)), losses.length - 1);
    assertEquals([outcome.merged, outcome.logits, outcome.steps], [undefined, undefined, losses.length]);
    assertLess(outcome.steps, 5);
    assertEquals(saved, []);
    assertEquals(tf.memory().numTensors, before);
  }
});

/** A state that outlives its run. */
const copyOf = ({ facts, tensors }: TrainingState): TrainingState => ({
  facts,
  tensors: new Map([...tensors].map(([name, { shape, read }]) => {
    const values = read();
    return [name, { shape, read: () => values }];
  })),
});

Deno.test("fineTune(), interrupted with steps under way, has logged and saved all of them, and continues bit for bit", () =>
  asynchronously(async () => {
    const settings = { epochs: 3, batchSize: 8 };
    const whole = await run({ opf: true, settings });
    const saved: TrainingState[] = [], events: TrainingEvent[] = [];
    let reached = 0; // the round before step 1, then steps
    const checkpointOf = (state?: TrainingState): Checkpoint => ({
      load: () => state,
      due: () => ++reached < 0,
      save: (state) => Promise.resolve(void saved.push(copyOf(state))),
    });
    const listener = {
      event: (event: TrainingEvent) => void events.push(event),
      note: () => {},
      throwIfInterrupted: () => reached === 6 ? Promise.reject(new Interrupted("stop")) : Promise.resolve(),
    };
    const change = { checkpoint: checkpointOf(), listener };
    await assertRejects(() => run({ opf: true, settings, change }), Interrupted);
    const [state] = saved;
    assertEquals([saved.length, state!.facts.position], [1, { step: 5, phase: "step" }]);
    assertEquals(events.filter(({ type }) => type === "step").length, 5);
    const rest = await run({ opf: true, settings, change: { checkpoint: checkpointOf(state) } });
    const joined = { ...rest, events: [...events, ...rest.events.filter(({ type }) => type !== "resumed")] };
    assertEquals(numbersOf(joined), numbersOf(whole));
  }));

Deno.test("fineTune(), interrupted anywhere in a round, saves its state before or after the round", async () => {
  const positions: Position[] = [];
  // A batch of scores, one of the dev set, and the end of the round.
  for (const at of [1, 2, 3]) {
    let calls = 0;
    const checkpoint: Checkpoint = {
      load: () => undefined,
      due: () => false,
      save: ({ facts }) => Promise.resolve(void positions.push(facts.position)),
    };
    const throwIfInterrupted = () => ++calls >= at ? Promise.reject(new Interrupted("stop")) : Promise.resolve();
    const change = { checkpoint, listener: { event: () => {}, note: () => {}, throwIfInterrupted } };
    await assertRejects(() => run({ opf: true, settings: { batchSize: 64 }, change }), Interrupted);
  }
  assertEquals(positions.map(({ step, phase }) => `${step} ${phase}`), ["0 evaluation", "0 evaluation", "0 round"]);
});
