/**
 * What a run of fine-tuning is given, tells, and ends with.
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

/** What is over-parameterised, and who decides; without, a run is plain fine-tuning. */
export interface Method {
  readonly decomposition?: Decomposition;
  readonly policy?: SelectionPolicy;
}

/** What is fine-tuned, on what, and how. */
export interface TrainingRequest extends ExampleSets<EncodedExample> {
  /** Pre-trained and dense; they are moved and may end factorised. */
  readonly weights: Weights;
  readonly task: Task;
  readonly method: Method;
  readonly settings: TrainingSettings;
  readonly padId: number;
  readonly key: RandomKey;
  /** The same model after plain fine-tuning; the caller takes the tensors over. @default there is none */
  readonly fineTuned?: () => Promise<ReadonlyMap<string, tf.Tensor>>;
  readonly watch: TrainingListener;
  /** @default the run begins at its first step, and nothing is kept of it */
  readonly checkpoint?: Checkpoint;
}

/** Who is told what happens. */
export interface TrainingListener {
  /** A line of `events.jsonl`. */
  event(event: TrainingEvent): void;
  note(message: string): void;
  /** Called between steps and batches; throws to end the run there. */
  pause(): Promise<void>;
}

/** What happened at one point of a run. */
export type TrainingEvent =
  | {
    readonly type: "step";
    readonly step: number;
    readonly steps: number;
    readonly loss: number;
    readonly gradientNorm: number;
    /** The schedule's part of the peak rates. */
    readonly rate: number;
    readonly seconds: number;
    readonly examples: number;
    readonly residentBytes: number;
  }
  | { readonly type: "evaluation"; readonly step: number; readonly epoch: number; readonly metrics: Metrics }
  | { readonly type: "held-out"; readonly step: number; readonly epoch: number; readonly metrics: Metrics }
  | ({ readonly type: "ranking" } & Ranking)
  | { readonly type: "converted"; readonly step: number; readonly matrices: readonly Selected[] }
  /** It goes on after that many steps; what stands above of later ones is done again. */
  | { readonly type: "resumed"; readonly step: number };

/** What a run ended with. */
export interface TrainingOutcome {
  /** The merged weights, as a model of their own; absent where the run diverged. */
  readonly merged?: Map<string, tf.Tensor>;
  /** Of the merged weights, on the dev set. */
  readonly logits?: Logits;
  /** Between the factorised training forward and the merged weights, over the dev set. */
  readonly mergeDifference: number;
  /** Between the model before and after matrices were written as factors, the largest of all rounds. */
  readonly factorizeDifference: number;
  readonly selected: readonly Selected[];
  readonly rankings: readonly Ranking[];
  readonly parameters: { readonly model: number; readonly training: number; readonly trainable: number };
  readonly steps: number;
  readonly seconds: Seconds;
}

/** Where time went, in seconds; `perStep` is the median of the steps that compiled nothing. */
export interface Seconds {
  perStep: number;
  firstStep: number;
  decomposition: number;
  selection: number;
  evaluation: number;
}
