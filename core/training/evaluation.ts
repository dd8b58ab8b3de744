/**
 * What the weights say in the middle of a run: as factors, and merged.
 *
 * @module
 */
import * as tf from "../backend/tf.ts";
import type { EncodedExample } from "../model/batch.ts";
import type { BatchShape } from "./batches.ts";
import { checkSame, Evaluator, type Logits } from "./logits.ts";
import type { TrainingRequest } from "./fine_tune_request.ts";

/** A merged model that was checked. */
export interface Finished {
  /** All parameters, dense. */
  readonly merged: Map<string, tf.Tensor>;
  /** Of the merged model, on the dev set. */
  readonly logits: Logits;
  /** Largest difference between them and those of the training forward. */
  readonly mergeDifference: number;
}

/** Evaluates one run's weights as training moves them. */
export class Evaluation {
  readonly #request: TrainingRequest;
  readonly #shape: BatchShape;
  readonly #dense: Evaluator;
  /** The forward pass of training, dropout off. */
  #training: Evaluator;
  /** Time spent so far. */
  seconds = 0;

  constructor(request: TrainingRequest, shape: BatchShape) {
    this.#request = request;
    this.#shape = shape;
    this.#dense = Evaluator.dense(request.weights.architecture, shape);
    this.#training = this.#dense;
  }

  /** Matrices were written as factors. */
  onFactorized(): void {
    this.#training = Evaluator.factorized(this.#request.weights, this.#shape);
  }

  /** Logits of the dev set by the forward pass of training, dropout off. */
  training(): Promise<Logits> {
    return this.#logits(this.#training, this.#request.weights.values);
  }

  /** Logits of dense parameters in the model's order. */
  dense(parameters: ReadonlyMap<string, tf.Tensor>, examples: readonly EncodedExample[]): Promise<Logits> {
    return this.#logits(this.#dense, [...parameters.values()], examples);
  }

  /** Logits of the dev set by the weights as they are, merged. */
  async merged(): Promise<Logits> {
    const merged = this.#request.weights.toDense();
    try {
      return await this.dense(merged, this.#request.dev);
    } finally {
      tf.dispose([...merged.values()]);
    }
  }

  /** Merges, and compares the merged model with the training forward over the whole dev set. */
  async finish(): Promise<Finished> {
    const merged = this.#request.weights.toDense();
    try {
      const logits = await this.dense(merged, this.#request.dev);
      const before = this.#training === this.#dense ? logits : await this.training();
      return { merged, logits, mergeDifference: checkSame("Merging", { before, after: logits }) };
    } catch (error) {
      tf.dispose([...merged.values()]);
      throw error;
    }
  }

  async #logits(
    evaluator: Evaluator,
    values: readonly tf.Tensor[],
    examples: readonly EncodedExample[] = this.#request.dev,
  ): Promise<Logits> {
    const started = performance.now();
    const logits = await evaluator.logits(values, { examples, pause: () => this.#request.watch.pause() });
    this.seconds += (performance.now() - started) / 1000;
    return logits;
  }
}
