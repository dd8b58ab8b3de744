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
import { readBehind } from "../read_behind.ts";
import { rateAt, type Schedule } from "../schedule.ts";
import type { RoundOptions } from "./round.ts";
import { type StepOptions, Stepper } from "../step.ts";

/** What a trial needs. */
export interface TrialOptions extends Pick<RoundOptions, "weights" | "key" | "step"> {
  readonly throwIfInterrupted: () => Promise<void>;
  /** The selected matrices. */
  readonly names: readonly string[];
  readonly train: readonly EncodedExample[];
  readonly shape: BatchShape;
  readonly stepper: StepOptions;
  /** The learning rate of the run. */
  readonly schedule: Schedule;
  /** Batches per optimizer step. */
  readonly accumulationSteps: number;
}

/** The matrices of these names, as a trial describes them. */
export const selectedMatrices = ({ architecture }: Weights, names: readonly string[]): Trial["matrices"] =>
  architecture.matrices.filter(({ name }) => names.includes(name));

/** A trial on a copy of the weights. */
export const trialOn = (options: TrialOptions): Trial => ({
  matrices: selectedMatrices(options.weights, options.names),
  movements: (decomposition, { share }) => measureMovements(decomposition, share, options),
});

async function measureMovements(
  decomposition: Decomposition | ReadonlyMap<string, Decomposition>,
  share: number,
  { weights, names, train, shape, key, step: start, stepper: options, schedule, accumulationSteps, ...rest }:
    TrialOptions,
): Promise<ReadonlyMap<string, number>> {
  const { architecture } = weights;
  const copy = new Weights(architecture, weights.toDense());
  let stepper: Stepper | undefined;
  try {
    copy.factorize(names, { decomposition, key: key.fold("factorize") });
    stepper = new Stepper(copy, options);
    const order = key.fold("trial").permutation(train.length);
    let next = 0;
    const nextExample = () => train[order[next++ % order.length]!]!;
    // The learning rate of the first step may be 0.
    const steps = Math.max(2, Math.round(share * schedule.totalSteps));
    const reports = Iterator.from(Array(steps).keys()).map((step) => {
      const batches = Array.from(
        { length: accumulationSteps },
        () => collate(Array.from({ length: shape.batchSize }, nextExample), { architecture, shape }),
      );
      return stepper!.start(batches, { key: key.fold("trial").fold(step), rate: rateAt(start + step, schedule) });
    });
    for await (const _ of readBehind(reports)) await rest.throwIfInterrupted();
    return distances(weights.toDense(names), copy.toDense(names));
  } finally {
    stepper?.dispose();
    copy.dispose();
  }
}

/** `‖after − before‖` (Frobenius) by matrix. It takes over their tensors. */
function distances(
  before: ReadonlyMap<string, tf.Tensor>,
  after: ReadonlyMap<string, tf.Tensor>,
): ReadonlyMap<string, number> {
  return new Map([...before].map(([name, matrix]) => {
    const moved = tf.tidy(() => tf.norm(tf.sub(after.get(name)!, matrix)).dataSync()[0]!);
    tf.dispose([matrix, after.get(name)!]);
    return [name, moved];
  }));
}
