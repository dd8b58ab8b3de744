import { engine, RandomKey, tf, useEngine, Weights } from "@opf/framework";
import { svd } from "@opf/framework/plugins";
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { TOY_EXAMPLES, TOY_MATRICES, toyModel, toyWeights } from "../../../core/check/toy.ts";
import { collate } from "../../../core/training/batches.ts";
import type { UnreadTensor } from "../../../core/io/safetensors.ts";
import { Moments, slotName } from "../../../core/training/optimizer_state.ts";
import { TRAINING_DEFAULTS } from "../../../core/training/settings.ts";
import { Stepper } from "../../../core/training/step.ts";

const key = RandomKey.of(1);
const batch = collate(TOY_EXAMPLES, {
  architecture: toyModel(),
  shape: { batchSize: TOY_EXAMPLES.length, maxLength: 4, padId: 0 },
});

/** Runs with an engine that joins what it can. */
function joining<T>(run: () => T): T {
  const before = engine();
  useEngine({ ...before, compilesWholePrograms: true });
  try {
    return run();
  } finally {
    useEngine(before);
  }
}

/** Six steps; after two and after four of them, a matrix becomes factors. */
function train({ resume = false } = {}) {
  const weights = toyWeights();
  const newStepper = () =>
    new Stepper(weights, {
      optimizer: { ...TRAINING_DEFAULTS, learningRate: 0.01, factorLearningRate: 0.005 },
      maxGradNorm: 1,
      isTrainable: () => true,
    });
  let stepper = newStepper();
  const groups: number[] = [];
  for (let step = 0; step < 6; step++) {
    if (step === 2 || step === 4) {
      weights.factorize([TOY_MATRICES[step / 2 - 1]!.name], { decomposition: svd(), key });
      stepper.refresh();
    }
    if (resume) {
      const old = stepper;
      stepper = newStepper();
      stepper.restoreMoments(old.moments.stored());
      old.dispose();
    }
    stepper.step([batch], { key: key.fold(step), rate: 1 });
    groups.push(stepper.moments.groups.length);
  }
  const values = weights.values.map((value) => value.dataSync());
  const valuesOf = ({ shape, read }: UnreadTensor) => ({ shape, values: read() });
  const moments = new Map(
    [...stepper.moments.stored()].map(([slot, { first, second, updates }]) =>
      [slot, { first: valuesOf(first), second: valuesOf(second), updates }] as const
    ),
  );
  const slots = weights.slots.length;
  stepper.dispose();
  weights.dispose();
  return { values, moments, groups, slots };
}

Deno.test("slots that are updated as one move as they do alone, with moments as if alone", () => {
  const before = tf.memory().numTensors;
  const alone = train(), together = joining(() => train());
  assertEquals(tf.memory().numTensors, before);
  assertEquals(alone.groups.at(-1), alone.slots);
  // Decayed or not, and factors of either age.
  assert(together.groups.at(-1)! < together.slots && together.groups.at(-1)! >= 3, `${together.groups}`);
  const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((all, value, index) => Math.max(all, Math.abs(value - b[index]!)), 0);
  alone.values.forEach((values, index) => assertLess(largest(values, together.values[index]!), 1e-5));
  assertEquals([...together.moments.keys()].sort(), [...alone.moments.keys()].sort());
  for (const [slot, { first, second, updates }] of alone.moments) {
    const other = together.moments.get(slot)!;
    assertEquals([other.updates, other.first.shape], [updates, first.shape]);
    assertLess(largest(first.values, other.first.values), 1e-5);
    assertLess(largest(second.values, other.second.values), 1e-5);
  }
});

Deno.test("stored moments are taken up bit for bit, joined or not", () => {
  for (const run of [train, (options?: { resume: boolean }) => joining(() => train(options))]) {
    const [whole, resumed] = [run(), run({ resume: true })];
    assertEquals(resumed.values, whole.values);
    assertEquals(resumed.moments, whole.moments);
    assertEquals(resumed.groups, whole.groups);
  }
});

Deno.test("a checkpoint without the moments of a slot is an error with its name", () => {
  const weights: Weights = toyWeights(), moments = new Moments();
  moments.syncWith(weights.slots);
  const stored = moments.stored(), missing = slotName(weights.slots[1]!);
  stored.delete(missing);
  assertThrows(() => moments.restore(stored), Error, `no moments of "${missing}"`);
  moments.dispose();
  weights.dispose();
});
