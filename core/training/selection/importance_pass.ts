/**
 * Gradients and losses over a set of examples, dropout off: what scores of importance look at.
 *
 * @module
 */
import { engine, type TensorFunction } from "../../backend/engine.ts";
import type { ScoreContext } from "../../importance_score.ts";
import type { Head, MatrixInfo } from "../../model/model.ts";
import type { RandomKey } from "../../random.ts";
import * as tf from "../../backend/tf.ts";
import type { Weights } from "../../model/weights.ts";
import { batchOf, type BatchShape, chunks, type EncodedExample } from "../batches.ts";
import { asBatch, batchTensors, type HostBatch, summedLoss } from "../host_batch.ts";

/** What a pass of scoring works on. */
export interface ScoringOptions {
  readonly weights: Pick<Weights, "architecture">;
  readonly examples: readonly EncodedExample[];
  readonly shape: BatchShape;
  readonly head: Head;
  readonly matrices: readonly MatrixInfo[];
  readonly key: RandomKey;
  /** Dense values to score by parameter, which the pass takes over. */
  readonly values: ReadonlyMap<string, tf.Tensor>;
  /** The mean gradients of training, in place of a pass over the examples. */
  readonly trainingGradients?: () => Map<string, tf.Tensor2D>;
  /** Called after each batch: a place to be interrupted at. */
  readonly pause: () => Promise<void>;
}

/** A score's context; {@linkcode ScoringPass.dispose} frees what it made. */
export class ScoringPass implements ScoreContext {
  readonly matrices: readonly MatrixInfo[];
  readonly key: RandomKey;
  readonly #options: ScoringOptions;
  readonly #dense: ReadonlyMap<string, tf.Tensor>;
  readonly #names: readonly string[];
  #gradients: Map<string, tf.Tensor2D> | undefined;
  #loss: TensorFunction | undefined;

  constructor(options: ScoringOptions) {
    this.#options = options;
    this.matrices = options.matrices;
    this.key = options.key;
    this.#dense = options.values;
    this.#names = [...this.#dense.keys()];
  }

  // Fields, not methods: scores take them out of the context.
  weight = (name: string): tf.Tensor2D => this.#dense.get(name) as tf.Tensor2D;

  gradients = async (): Promise<ReadonlyMap<string, tf.Tensor2D>> => {
    if (this.#gradients) return this.#gradients;
    if (this.#options.trainingGradients) return this.#gradients = this.#options.trainingGradients();
    const sums = new Map<string, tf.Tensor2D>();
    await this.#each((gradients, share) => {
      for (const [name, gradient] of gradients) {
        const before = sums.get(name);
        sums.set(
          name,
          tf.keep(tf.tidy(() => before ? tf.add(before, tf.mul(gradient, share)) : tf.mul(gradient, share))),
        );
        before?.dispose();
      }
    });
    return this.#gradients = sums;
  };

  eachGradient = (visit: (gradients: ReadonlyMap<string, tf.Tensor2D>) => void): Promise<void> => this.#each(visit);

  loss = async (replaced: ReadonlyMap<string, tf.Tensor> = new Map()): Promise<number> => {
    const run = this.#loss ??= engine().jit((...inputs) => [this.#lossOf(inputs.slice(0, -5), inputs.slice(-5))], {
      name: "loss",
    });
    const values = this.#names.map((name) => replaced.get(name) ?? this.#dense.get(name)!);
    let sum = 0;
    for (const batch of this.#batches()) {
      sum += tf.tidy(() => run(...values, ...this.#tensors(batch))[0]!.dataSync()[0]!);
      await this.#options.pause();
    }
    return sum / this.#options.examples.length;
  };

  dispose(): void {
    tf.dispose([...this.#dense.values(), ...this.#gradients?.values() ?? []]);
  }

  // Visits the gradients of each batch's mean loss, and the batch's share of all examples.
  async #each(visit: (gradients: Map<string, tf.Tensor2D>, share: number) => void): Promise<void> {
    const wanted = this.matrices.map(({ name }) => this.#names.indexOf(name));
    const values = this.#names.map((name) => this.#dense.get(name)!);
    const run = engine().jit((...inputs) => {
      const [values, batch] = [inputs.slice(0, -5), inputs.slice(-5)];
      const mean = (...moving: tf.Tensor[]) => {
        const all = [...values];
        wanted.forEach((at, index) => all[at] = moving[index]!);
        return tf.div<tf.Scalar>(this.#lossOf(all, batch), tf.sum(batch[4]!));
      };
      return tf.grads(mean)(wanted.map((at) => values[at]!));
    }, { name: "gradients" });
    for (const batch of this.#batches()) {
      const gradients = tf.tidy(() => run(...values, ...this.#tensors(batch)));
      const share = batch.weights.reduce((sum, weight) => sum + weight, 0) / this.#options.examples.length;
      visit(new Map(this.matrices.map(({ name }, index) => [name, gradients[index] as tf.Tensor2D])), share);
      tf.dispose(gradients);
      await this.#options.pause();
    }
  }

  *#batches(): Generator<HostBatch> {
    const { examples, shape } = this.#options;
    // By length, so that little is padding.
    const sorted = [...examples].sort((a, b) => a.ids.length - b.ids.length || a.index - b.index);
    for (const some of chunks(sorted, shape.lines)) yield batchOf(some, shape);
  }

  #tensors = (batch: HostBatch) => [...batchTensors(batch), tf.tensor1d(batch.labels), tf.tensor1d(batch.weights)];

  #lossOf(values: readonly tf.Tensor[], batch: readonly tf.Tensor[]): tf.Scalar {
    const { weights: { architecture }, head } = this.#options;
    const named = new Map(this.#names.map((name, index) => [name, values[index]!]));
    const logits = architecture.forward((name) => named.get(name)!, asBatch(batch), {});
    return summedLoss(logits, { labels: batch[3]!, weights: batch[4]!, head });
  }
}
