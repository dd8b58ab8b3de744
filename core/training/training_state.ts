/**
 * A run of fine-tuning between two steps, as values that can be written down.
 *
 * @module
 */
import type { StoredTensor } from "../io/safetensors.ts";
import type { Logits } from "./logits.ts";
import type { RoundsState } from "./selection/rounds_state.ts";

/** Everything that a run needs to go on as if it had not stopped. */
export interface TrainingState {
  readonly facts: TrainingFacts;
  /** `weights/…`, `first/…`, `second/…`, `sum/…` by slot, `best/…` by parameter. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** The plain part of a {@linkcode TrainingState}. */
export interface TrainingFacts {
  readonly at: Position;
  readonly rounds: RoundsState;
  /** Updates that each trained slot took. */
  readonly updates: { readonly [slot: string]: number };
  /** Steps whose gradients are summed. */
  readonly summed: number;
  /** The model that is kept so far; its value on the held-out examples, `null` for one that is not defined. */
  readonly best?: { readonly value: number | null; readonly mergeDifference: number; readonly logits: Logits };
  readonly seconds: { readonly evaluation: number; readonly firstStep: number; readonly steps: readonly number[] };
}

/** A point of a run at which its state is whole. */
export interface Position {
  /** Steps taken. */
  readonly step: number;
  /** What was done since: nothing, the evaluation at the end of an epoch, the round before the next step. */
  readonly done: "step" | "evaluation" | "round";
}

/** Where a run's state is kept. */
export interface Checkpoint {
  /** What was kept of this run, once: its tensors are many. */
  take(): TrainingState | undefined;
  /** Whether it is time to keep it again. */
  due(): boolean;
  keep(state: TrainingState): Promise<void>;
}
