/**
 * Evaluation of the weights while they are trained: as factors, and merged.
 *
 * @module
 */
import * as tf from "../backend/tf.ts";
import type { EncodedExample } from "../model/batch.ts";
import { checkElements } from "../model/element_check.ts";
import type { BatchShape } from "./batches.ts";
import type { TrainingRequest } from "./fine_tune_request.ts";
import { checkSameLogits, Evaluator, type Logits } from "./logits.ts";

/** A merged model that was compared with the model that was trained. */
export interface MergedModel {
  /** All parameters, dense. */
  readonly merged: Map<string, tf.Tensor>;
  /** Logits of the merged model on the dev set. */
  readonly logits: Logits;
  /** Their largest difference from those of the training forward pass. */
  readonly mergeDifference: number;
}

/** Evaluates one run's weights as training moves them. */
export class Evaluation {
  readonly #request: TrainingRequest;
  readonly #shape: BatchShape;
  readonly #dense: Evaluator;
  /** The forward pass of training, dropout off. */
  #training: Evaluator;
  /** Seconds spent so far. */
  seconds = 0;

  constructor(request: TrainingRequest, shape: BatchShape) {
    this.#request = request;
    this.#shape = shape;
    this.#dense = Evaluator.dense(request.weights.architecture, shape);
    this.#training = this.#dense;
  }

  /** To be called after matrices were factorized. */
  onFactorized(): void {
    this.#training = Evaluator.factorized(this.#request.weights, this.#shape);
  }

  /** Logits of the dev set by the forward pass of training, dropout off; `toEnd` even if the run is interrupted. */
  trainingLogits({ toEnd = false } = {}): Promise<Logits> {
    return this.#logits(this.#training, { values: this.#request.weights.values, toEnd });
  }

  /** Logits of examples by dense parameters, in the model's order. */
  denseLogits(parameters: ReadonlyMap<string, tf.Tensor>, examples: readonly EncodedExample[]): Promise<Logits> {
    return this.#logits(this.#dense, { values: [...parameters.values()], examples });
  }

  /** Logits of the dev set by the merged weights. */
  async mergedLogits(): Promise<Logits> {
    const merged = this.#request.weights.toDense();
    try {
      return await this.denseLogits(merged, this.#request.dev);
    } finally {
      tf.dispose([...merged.values()]);
    }
  }

  /**
   * Merges the weights, and checks the merged matrices: a sample of their elements against the factors, and the logits of the
   * merged model against those of training over the whole dev set.
   */
  async merge(): Promise<MergedModel> {
    const { weights, key } = this.#request;
    const merged = weights.toDense();
    try {
      checkElements(weights, { merged, key: key.fold("merge") });
      const logits = await this.denseLogits(merged, this.#request.dev);
      const before = this.#training === this.#dense ? logits : await this.trainingLogits();
      const { head } = this.#request.task;
      return { merged, logits, mergeDifference: checkSameLogits("Merging", { before, after: logits, head }) };
    } catch (error) {
      tf.dispose([...merged.values()]);
      throw error;
    }
  }

  async #logits(
    evaluator: Evaluator,
    { values, examples = this.#request.dev, toEnd = false }: {
      readonly values: readonly tf.Tensor[];
      readonly examples?: readonly EncodedExample[];
      readonly toEnd?: boolean;
    },
  ): Promise<Logits> {
    const started = performance.now();
    const throwIfInterrupted = toEnd ? () => Promise.resolve() : this.#request.listener.throwIfInterrupted;
    const logits = await evaluator.logits(values, { examples, throwIfInterrupted });
    this.seconds += (performance.now() - started) / 1000;
    return logits;
  }
}
