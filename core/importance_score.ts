/**
 * Importance scores: one number per matrix, larger for more important matrices.
 *
 * @module
 */
import type { Json } from "./json.ts";
import type { MatrixInfo } from "./model/model.ts";
import type { RandomKey } from "./random.ts";
import type { Tensor, Tensor2D } from "./backend/tf.ts";

/**
 * What a score or a policy needs beyond the current weights: the model after plain fine-tuning, which is then the model that is
 * scored; or the gradients of training or their absolute values, whose mean {@linkcode ScoreContext.gradients} then returns.
 */
export type Need = "fineTunedModel" | "trainingGradients" | "absoluteTrainingGradients";

/** Whether the gradients of training are needed, or their absolute values. */
export const usesTrainingGradients = (needs: readonly Need[] = []): boolean =>
  needs.includes("trainingGradients") || needs.includes("absoluteTrainingGradients");

/** What a score has access to. Dropout is off; the loss is the mean over all batches. */
export interface ScoreContext {
  /** The matrices to score. */
  readonly matrices: readonly MatrixInfo[];
  /** The dense value of a matrix, reconstructed if it is factorized; do not dispose. */
  weight(name: string): Tensor2D;
  /**
   * The gradient of the mean loss over all batches for each matrix, computed in one pass and cached; for a score that needs
   * `"trainingGradients"` or `"absoluteTrainingGradients"`, their mean over the steps of training since the last round. Do not
   * dispose.
   */
  gradients(): Promise<ReadonlyMap<string, Tensor2D>>;
  /** Visits the gradients of each batch separately, in one pass; they are disposed after each visit. */
  eachGradient(visit: (gradients: ReadonlyMap<string, Tensor2D>) => void): Promise<void>;
  /** The mean loss over all batches, optionally with some matrices replaced. */
  loss(replaced?: ReadonlyMap<string, Tensor>): Promise<number>;
  readonly key: RandomKey;
}

/** Scores matrices. `name` and `options` are stored with every result. */
export interface ImportanceScore {
  readonly name: string;
  readonly options: Json;
  readonly needs?: readonly Need[];
  /** Returns one finite number for each of `context.matrices`. */
  score(context: ScoreContext): Promise<ReadonlyMap<string, number>>;
}
