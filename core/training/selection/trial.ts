/**
 * Steps that are thrown away: how far matrices move under another decomposition.
 *
 * @module
 */
import type { Decomposition, Trial } from "../../decomposition.ts";
import * as tf from "../../backend/tf.ts";
import type { EncodedExample } from "../../model/batch.ts";
import { Weights } from "../../model/weights.ts";
import { type BatchShape, collate } from "../batches.ts";
import type { RoundOptions } from "./round.ts";
import { type StepOptions, Stepper } from "../step.ts";

/** What trials take their steps on. */
export interface TrialOptions extends Pick<RoundOptions, "weights" | "key" | "pause"> {
  /** The matrices that were chosen. */
  readonly names: readonly string[];
  readonly train: readonly EncodedExample[];
  readonly shape: BatchShape;
  readonly stepper: StepOptions;
}

/** A trial that leaves the weights as they are. */
export const trialOn = (options: TrialOptions): Trial => ({
  moved: (decomposition, steps) => moved(decomposition, steps, options),
});

async function moved(
  decomposition: Decomposition,
  steps: number,
  { weights, names, train, shape, key, stepper: settings, pause }: TrialOptions,
): Promise<number> {
  const before = new Map(names.map((name) => [name, weights.mergedValue(name)]));
  const copy = new Weights(weights.architecture, weights.merged());
  const stepper = (() => {
    copy.factorizeAll(names, { decomposition, key: key.fold("factorize") });
    return new Stepper(copy, settings);
  })();
  try {
    const order = key.fold("trial").permutation(train.length);
    for (let step = 0; step < steps; step++) {
      await pause();
      const some = Array.from(
        { length: shape.batchSize },
        (_, at) => train[order[(step * shape.batchSize + at) % order.length]!]!,
      );
      stepper.step([collate(some, { architecture: weights.architecture, shape })], {
        key: key.fold("trial").fold(step),
        rate: 1,
      });
    }
    return tf.tidy(() =>
      names.reduce((sum, name) => sum + tf.norm(tf.sub(copy.mergedValue(name), before.get(name)!)).dataSync()[0]!, 0)
    );
  } finally {
    stepper.dispose();
    copy.dispose();
    tf.dispose([...before.values()]);
  }
}
