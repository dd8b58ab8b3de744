/**
 * Training steps that are discarded: they measure how far matrices move under another decomposition.
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

/** What a trial needs. */
export interface TrialOptions extends Pick<RoundOptions, "weights" | "key" | "throwIfInterrupted"> {
  /** The selected matrices. */
  readonly names: readonly string[];
  readonly train: readonly EncodedExample[];
  readonly shape: BatchShape;
  readonly stepper: StepOptions;
}

/** A trial on a copy of the weights. */
export const trialOn = (options: TrialOptions): Trial => ({
  moved: (decomposition, steps) => moved(decomposition, steps, options),
});

async function moved(
  decomposition: Decomposition,
  steps: number,
  { weights, names, train, shape, key, stepper: options, throwIfInterrupted }: TrialOptions,
): Promise<number> {
  const copy = new Weights(weights.architecture, weights.toDense());
  let stepper: Stepper | undefined;
  try {
    copy.factorize(names, { decomposition, key: key.fold("factorize") });
    stepper = new Stepper(copy, options);
    const order = key.fold("trial").permutation(train.length);
    for (let step = 0; step < steps; step++) {
      await throwIfInterrupted();
      const examples = Array.from(
        { length: shape.batchSize },
        (_, index) => train[order[(step * shape.batchSize + index) % order.length]!]!,
      );
      stepper.step([collate(examples, { architecture: weights.architecture, shape })], {
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

/** `Σ‖after − before‖` (Frobenius) over matrices. It takes over their tensors. */
function distance(before: ReadonlyMap<string, tf.Tensor>, after: ReadonlyMap<string, tf.Tensor>): number {
  return [...before].reduce((sum, [name, matrix]) => {
    const moved = tf.tidy(() => tf.norm(tf.sub(after.get(name)!, matrix)).dataSync()[0]!);
    tf.dispose([matrix, after.get(name)!]);
    return sum + moved;
  }, 0);
}
