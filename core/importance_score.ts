/**
 * What a score of importance is: a number a matrix, larger for one that matters more.
 *
 * @module
 */
import type { Json } from "./json.ts";
import type { MatrixInfo } from "./model/model.ts";
import type { RandomKey } from "./random.ts";
import type { Tensor, Tensor2D } from "./backend/tf.ts";

/**
 * What a score or a policy needs beyond the weights as they are: the model after plain fine-tuning, which is then what is
 * scored; or the gradients of training itself, which {@linkcode ScoreContext.gradients} then gives.
 */
export type Need = "fineTunedModel" | "trainingGradients";

/** What a score may look at. Dropout is off; the loss is the mean over the batches it was given. */
export interface ScoreContext {
  /** The matrices to score. */
  readonly matrices: readonly MatrixInfo[];
  /** The value of a matrix, merged where it is factorised; do not dispose. */
  weight(name: string): Tensor2D;
  /**
   * Gradient of the mean loss over all batches by matrix, computed in one pass, once; of a score that needs
   * `"trainingGradients"`, the mean of those that training had since the last round. Do not dispose.
   */
  gradients(): Promise<ReadonlyMap<string, Tensor2D>>;
  /** Visits the gradients of each batch by itself, in one pass; they are disposed after each visit. */
  eachGradient(visit: (gradients: ReadonlyMap<string, Tensor2D>) => void): Promise<void>;
  /** The mean loss over all batches, with some matrices replaced. */
  loss(replaced?: ReadonlyMap<string, Tensor>): Promise<number>;
  readonly key: RandomKey;
}

/** Scores matrices; `name` and `options` are stored with every result. */
export interface ImportanceScore {
  readonly name: string;
  readonly options: Json;
  readonly needs?: readonly Need[];
  /** One finite number for each of `context.matrices`. */
  score(context: ScoreContext): Promise<ReadonlyMap<string, number>>;
}
