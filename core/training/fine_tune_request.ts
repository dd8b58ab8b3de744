/**
 * The inputs, events and outcome of a fine-tuning run.
 *
 * @module
 */
import type { Decomposition } from "../decomposition.ts";
import type { RandomKey } from "../random.ts";
import type { SelectionPolicy } from "../selection_policy.ts";
import type { Metrics, Task } from "../task.ts";
import type * as tf from "../backend/tf.ts";
import type { EncodedExample } from "../model/batch.ts";
import type { Weights } from "../model/weights.ts";
import type { Logits } from "./logits.ts";
import type { ExampleSets } from "./data_split.ts";
import type { Ranking, Selected } from "./selection/round.ts";
import type { TrainingSettings } from "./settings.ts";
import type { Checkpoint } from "./training_state.ts";

/** How matrices are over-parameterized, and which. Without both, a run is plain fine-tuning. */
export interface Method {
  readonly decomposition?: Decomposition;
  readonly policy?: SelectionPolicy;
}

/** What is fine-tuned, on what, and how. */
export interface TrainingRequest extends ExampleSets<EncodedExample> {
  /** Pre-trained and dense. Training moves them, and may factorize them. */
  readonly weights: Weights;
  readonly task: Task;
  readonly method: Method;
  readonly settings: TrainingSettings;
  readonly padId: number;
  readonly key: RandomKey;
  /** Loads the same model after plain fine-tuning; the caller takes over the tensors. @default not available */
  readonly fineTuned?: () => Promise<ReadonlyMap<string, tf.Tensor>>;
  readonly listener: TrainingListener;
  /** @default the run starts at its first step, and its state is not stored */
  readonly checkpoint?: Checkpoint;
}

/** Receives training events. */
export interface TrainingListener {
  /** Called with each line of `events.jsonl`, and with the progress of scores. */
  event(event: TrainingEvent): void;
  note(message: string): void;
  /** Called between steps and batches; throws to end the run there. */
  readonly throwIfInterrupted: () => Promise<void>;
}

/** One event of a run. */
export type TrainingEvent =
  | {
    readonly type: "step";
    readonly step: number;
    readonly steps: number;
    readonly loss: number;
    readonly gradientNorm: number;
    /** The schedule's fraction of the peak learning rates. */
    readonly rate: number;
    /** By which it ended after the step before, or after its own start if that was later. */
    readonly seconds: number;
    readonly examples: number;
    readonly residentBytes: number;
  }
  | { readonly type: "evaluation"; readonly step: number; readonly epoch: number; readonly metrics: Metrics }
  | { readonly type: "held-out"; readonly step: number; readonly epoch: number; readonly metrics: Metrics }
  /** A score advances: `examples` passed through the model since the round before that step began. Not in `events.jsonl`. */
  | { readonly type: "scoring"; readonly step: number; readonly examples: number }
  | ({ readonly type: "ranking" } & Ranking)
  | { readonly type: "converted"; readonly step: number; readonly matrices: readonly Selected[] }
  /** The run continues after that many steps; later ones that were recorded before are replayed. */
  | { readonly type: "resumed"; readonly step: number };

/** The outcome of a run. */
export interface TrainingOutcome {
  /** The merged weights, owned by the caller; absent if the run diverged. */
  readonly merged?: Map<string, tf.Tensor>;
  /** Logits of the merged weights on the dev set. */
  readonly logits?: Logits;
  /** Largest difference of logits on the dev set between the training forward pass and the merged weights. */
  readonly mergeDifference: number;
  /** Largest difference of logits on the dev set before and after factorizing, over all rounds. */
  readonly factorizeDifference: number;
  readonly selected: readonly Selected[];
  readonly rankings: readonly Ranking[];
  readonly parameters: { readonly model: number; readonly training: number; readonly trainable: number };
  readonly steps: number;
  readonly seconds: Seconds;
}

/** Where time went, in seconds; `perStep` is the median of the steps that did not compile. */
export interface Seconds {
  perStep: number;
  firstStep: number;
  decomposition: number;
  selection: number;
  evaluation: number;
}
