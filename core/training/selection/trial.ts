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
  const copy = new Weights(weights.architecture, weights.toDense());
  let stepper: Stepper | undefined;
  try {
    copy.factorize(names, { decomposition, key: key.fold("factorize") });
    stepper = new Stepper(copy, settings);
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
    return distance(weights.toDense(names), copy.toDense(names));
  } finally {
    stepper?.dispose();
    copy.dispose();
  }
}

/** `Σ‖after − before‖` (Frobenius) over matrices, whose tensors it takes over. */
function distance(before: ReadonlyMap<string, tf.Tensor>, after: ReadonlyMap<string, tf.Tensor>): number {
  return [...before].reduce((sum, [name, matrix]) => {
    const moved = tf.tidy(() => tf.norm(tf.sub(after.get(name)!, matrix)).dataSync()[0]!);
    tf.dispose([matrix, after.get(name)!]);
    return sum + moved;
  }, 0);
}
