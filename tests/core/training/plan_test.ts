import { RandomKey, RequestError, tf, Weights } from "@opf/framework";
import { bert, dynamicTop, staticTop, taylor } from "@opf/framework/plugins";
import { assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { initialize } from "../../../core/pretrained.ts";
import { roundsOf, runLength, trainingParts, trainsBy } from "../../../core/training/plan.ts";
import { TRAINING_DEFAULTS as defaults } from "../../../core/training/settings.ts";
import { CONFIG } from "../../_tiny.ts";

Deno.test("runLength() counts whole epochs of optimiser steps, cut by maxSteps", () => {
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

Deno.test("trainingParts() holds out a part only to keep the best, the same for the same key", () => {
  const all = Array.from({ length: 50 }, (_, index) => index);
  const key = RandomKey.of(1);
  assertEquals(trainingParts(all, { settings: defaults, key }), { train: all, heldOut: [] });
  const parts = trainingParts(all, { settings: { ...defaults, keep: "best", heldOut: 0.2 }, key });
  assertEquals(parts.heldOut.length, 10);
  assertEquals([...parts.train, ...parts.heldOut].sort((a, b) => a - b), all);
  assertEquals(parts, trainingParts(all, { settings: { ...defaults, keep: "best", heldOut: 0.2 }, key }));
  const fewer = { ...defaults, trainExamples: 7 };
  assertEquals(trainingParts(all, { settings: fewer, key }).train.length, 7);
  assertNotEquals(
    trainingParts(all, { settings: fewer, key }),
    trainingParts(all, { settings: fewer, key: RandomKey.of(2) }),
  );
});

Deno.test("trainsBy() reads patterns on names, and refuses one that no parameter has", () => {
  const architecture = bert({ source: "tiny" }).architecture(CONFIG, { kind: "classification", outputs: 2 });
  const tensors = architecture.parameters.map((parameter) =>
    [parameter.name, initialize(parameter, { key: RandomKey.of(1), width: 0.1 })] as const
  );
  const weights = new Weights(architecture, new Map(tensors));
  const trained = (train: string[]) =>
    weights.slots.filter(trainsBy(train, weights)).map(({ parameter }) => parameter.name);
  assertEquals(trained(["classifier.*"]), ["classifier.weight", "classifier.bias"]);
  assertEquals(trained(["*.layer.1.*.query.*", "classifier.bias"]), [
    "bert.encoder.layer.1.attention.self.query.weight",
    "bert.encoder.layer.1.attention.self.query.bias",
    "classifier.bias",
  ]);
  assertStringIncludes(
    assertThrows(() => trainsBy(["clasifier.bias"], weights), RequestError).message,
    '"classifier.bias"',
  );
  weights.dispose();
  tf.dispose(tensors.map(([, tensor]) => tensor));
});
