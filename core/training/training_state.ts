/**
 * The state of a fine-tuning run between two steps, as values that can be stored.
 *
 * @module
 */
import type { UnreadTensor } from "../io/safetensors.ts";
import type { Logits } from "./logits.ts";
import type { RoundsState } from "./selection/rounds_state.ts";

/** Everything that a run needs to continue as if it had not stopped. */
export interface TrainingState {
  readonly facts: TrainingFacts;
  /**
   * `weights/…`, `first/…`, `second/…`, `gradient/…` by slot, `best/…` by parameter. Those of a run are to be read before it
   * goes on.
   */
  readonly tensors: ReadonlyMap<string, UnreadTensor>;
}

/** The plain part of a {@linkcode TrainingState}. */
export interface TrainingFacts {
  readonly position: Position;
  readonly rounds: RoundsState;
  /** Optimizer updates of each trained slot. */
  readonly updates: { readonly [slot: string]: number };
  /** Steps whose gradients are accumulated. */
  readonly accumulatedSteps: number;
  /** The best model so far; its value on the held-out examples, `null` if that is not defined. */
  readonly best?: { readonly value: number | null; readonly mergeDifference: number; readonly logits: Logits };
  readonly seconds: { readonly evaluation: number; readonly firstStep: number; readonly steps: readonly number[] };
}

/** A point of a run at which its state is complete. */
export interface Position {
  /** Steps taken. */
  readonly step: number;
  /** What was completed last: that step, the evaluation at the end of its epoch, or the round before the next step. */
  readonly phase: "step" | "evaluation" | "round";
}

/** Stores the state of a run. */
export interface Checkpoint {
  /** The stored state of this run, if any. It is large, so the checkpoint returns it once and forgets it. */
  load(): TrainingState | undefined;
  /** Whether it is time to save again. */
  due(): boolean;
  save(state: TrainingState): Promise<void>;
}
