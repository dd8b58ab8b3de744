/**
 * Snapshots of a run's state: what a checkpoint stores, and how a run continues from it.
 *
 * @module
 */
import * as tf from "../backend/tf.ts";
import type { UnreadTensor } from "../io/safetensors.ts";
import { freeUnusedBuffers } from "../io/unused_buffers.ts";
import { unreadTensors } from "../model/pretrained.ts";
import type { Weights } from "../model/weights.ts";
import type { Evaluation } from "./evaluation.ts";
import type { KeptModel } from "./kept_model.ts";
import { slotName } from "./optimizer_state.ts";
import type { Rounds } from "./selection/rounds.ts";
import type { Stepper } from "./step.ts";
import type { StepTimes } from "./step_times.ts";
import type { Position, TrainingState } from "./training_state.ts";

/** Everything of a run that changes while it trains. */
export interface SnapshotParts {
  readonly weights: Weights;
  readonly stepper: Stepper;
  readonly rounds: Rounds;
  readonly evaluation: Evaluation;
  readonly times: StepTimes;
  readonly kept: KeptModel;
}

/** The state of a run at a position, to be read before the run goes on. */
export function takeSnapshot(
  { weights, stepper: { moments, accumulator }, rounds, evaluation, times, kept }: SnapshotParts,
  position: Position,
): TrainingState {
  const stored = moments.stored();
  const tensors = new Map<string, tf.Tensor>();
  weights.slots.forEach((slot, index) => tensors.set(`weights/${slotName(slot)}`, weights.values[index]!));
  for (const [slot, sum] of accumulator.state) tensors.set(`gradient/${slot}`, sum);
  for (const [name, tensor] of kept.tensors) tensors.set(`best/${name}`, tensor);
  const best = kept.facts;
  return {
    facts: {
      position,
      rounds: rounds.state,
      updates: Object.fromEntries([...stored].map(([slot, { updates }]) => [slot, updates])),
      accumulatedSteps: accumulator.steps,
      ...(best && { best }),
      seconds: { evaluation: evaluation.seconds, ...times.state },
    },
    tensors: new Map<string, UnreadTensor>([
      ...unreadTensors(tensors),
      ...[...stored].flatMap(([slot, { first, second }]) =>
        [[`first/${slot}`, first], [`second/${slot}`, second]] as const
      ),
    ]),
  };
}

/**
 * Puts the parts of a new run into a stored state, all but its position.
 *
 * @throws {Error} for a state that lacks a tensor of this run, or has one of another shape
 */
export async function restoreSnapshot(
  { facts, tensors }: TrainingState,
  { weights, stepper, rounds, evaluation, times, kept }: SnapshotParts,
): Promise<void> {
  const storedUnder = (folder: string) =>
    [...tensors].filter(([name]) => name.startsWith(`${folder}/`)).map(([name, tensor]) =>
      [name.slice(folder.length + 1), tensor] as const
    );
  const under = (folder: string) => storedUnder(folder).map(([name, tensor]) => [name, tensorOf(tensor)] as const);
  const values = new Map(under("weights"));
  const factors = [...values].filter(([slot]) => slot.includes("#"));
  await rounds.restore(
    facts.rounds,
    (name) => factors.filter(([slot]) => slot.startsWith(`${name}#`)).map(([, tensor]) => tensor),
  );
  const shapes = weights.values.map(({ shape }) => shape.join());
  weights.replace(weights.slots.map((slot, index) => {
    const name = slotName(slot), value = values.get(name);
    if (value && value.shape.join() === shapes[index]) return value;
    throw new Error(`"${name}": expected [${shapes[index]}], got ${value ? `[${value.shape}]` : "nothing"}`);
  }));
  const seconds = new Map(storedUnder("second"));
  stepper.restoreMoments(
    new Map(
      storedUnder("first").map(([slot, first]) => [slot, {
        first,
        second: seconds.get(slot)!,
        updates: facts.updates[slot]!,
      }]),
    ),
  );
  stepper.accumulator.replace(under("gradient").map(([, sum]) => sum), facts.accumulatedSteps);
  if (facts.best) kept.restore(facts.best, new Map(under("best")));
  evaluation.seconds = facts.seconds.evaluation;
  times.restore(facts.seconds);
}

function tensorOf({ shape, read }: UnreadTensor): tf.Tensor {
  freeUnusedBuffers();
  return tf.tensor(read(), [...shape], "float32");
}
