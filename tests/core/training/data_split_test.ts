import { RandomKey, RequestError } from "@opf/framework";
import { dynamicTop, staticTop, taylor } from "@opf/framework/plugins";
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { roundsOf, runLength, splitExamples, trainingParts } from "../../../core/training/data_split.ts";
import { TRAINING_DEFAULTS as defaults } from "../../../core/training/settings.ts";

Deno.test("runLength() counts the optimizer steps of whole epochs, up to maxSteps", () => {
  assertEquals(runLength({ ...defaults, epochs: 3, batchSize: 32 }, 2490), { steps: 234, stepsPerEpoch: 78 });
  assertEquals(runLength({ ...defaults, epochs: 2, batchSize: 8, gradientAccumulationSteps: 4 }, 65), {
    steps: 6,
    stepsPerEpoch: 3,
  });
  assertEquals(runLength({ ...defaults, maxSteps: 5 }, 2490).steps, 5);
});

Deno.test("roundsOf() refuses a choice by gradients of training before there are any", () => {
  const length = { steps: 10, stepsPerEpoch: 5 };
  const score = taylor({ gradients: "training" });
  assertEquals(roundsOf(dynamicTop({ n: 2, every: { steps: 3 }, score }), length), [3, 6]);
  for (const policy of [staticTop({ n: 1, score }), dynamicTop({ n: 2, firstRound: "before", score })]) {
    assertThrows(() => roundsOf(policy, length), RequestError, "before the first step");
  }
  assertEquals(roundsOf(staticTop({ n: 1, score: taylor() }), length), [0]);
});

Deno.test("trainingParts() holds examples out only to keep the best model, the same ones for the same key", () => {
  const all = Array.from({ length: 50 }, (_, index) => index);
  const key = RandomKey.of(1);
  assertEquals(trainingParts({ train: all }, { settings: defaults, key }), { train: all, heldOut: [] });
  const parts = trainingParts({ train: all }, { settings: { ...defaults, keep: "best", heldOut: 0.2 }, key });
  assertEquals(parts.heldOut.length, 10);
  assertEquals([...parts.train, ...parts.heldOut].sort((a, b) => a - b), all);
  assertEquals(parts, trainingParts({ train: all }, { settings: { ...defaults, keep: "best", heldOut: 0.2 }, key }));
  const fewer = { ...defaults, trainExamples: 7 };
  assertEquals(trainingParts({ train: all }, { settings: fewer, key }).train.length, 7);
  assertNotEquals(
    trainingParts({ train: all }, { settings: fewer, key }),
    trainingParts({ train: all }, { settings: fewer, key: RandomKey.of(2) }),
  );
  const given = trainingParts({ train: all, heldOut: [7] }, { settings: { ...defaults, keep: "best" }, key });
  assertEquals(given, { train: all, heldOut: [7] });
});

Deno.test("splitExamples() evaluates on the dev set, half of the dev set, or held-out training examples", () => {
  const sets = {
    train: Array.from({ length: 40 }, (_, at) => `train ${at}`),
    dev: Array.from({ length: 9 }, (_, at) => `dev ${at}`),
  };
  const sorted = (...parts: (readonly string[])[]) => parts.flat().sort();
  assertEquals(splitExamples(sets, { split: "dev", heldOut: 0.1 }), sets);

  const halves = splitExamples(sets, { split: "dev-halves", heldOut: 0.1 });
  assertEquals([halves.train, halves.dev.length, halves.heldOut!.length], [sets.train, 5, 4]);
  assertEquals(sorted(halves.dev, halves.heldOut!), sorted(sets.dev));
  assertNotEquals(halves.dev, sets.dev.slice(0, 5));

  const held = splitExamples(sets, { split: "held-out", heldOut: 0.1 });
  assertEquals([held.train.length, held.dev.length, held.heldOut], [36, 4, undefined]);
  assertEquals(sorted(held.train, held.dev), sorted(sets.train));
  // Another dev set changes nothing: it is not read.
  assertEquals(splitExamples({ ...sets, dev: [] }, { split: "held-out", heldOut: 0.1 }), held);

  for (
    const [split, few] of [["dev-halves", { ...sets, dev: ["a"] }], ["held-out", { ...sets, train: ["a"] }]] as const
  ) {
    assertThrows(() => splitExamples(few, { split, heldOut: 0.1 }), RequestError, "two");
  }
  assertEquals(splitExamples({ ...sets, train: ["a", "b"] }, { split: "held-out", heldOut: 0.9 }).train.length, 1);
});
