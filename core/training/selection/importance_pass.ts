/**
 * Gradients and losses over a set of examples, dropout off, for importance scores.
 *
 * @module
 */
import type { ScoreContext } from "../../importance_score.ts";
import type { EncodedExample, NamedArrays, NamedTensors } from "../../model/batch.ts";
import type { MatrixInfo } from "../../model/model.ts";
import type { RandomKey } from "../../random.ts";
import { sumOverDevices } from "../../backend/device_group.ts";
import * as tf from "../../backend/tf.ts";
import { Structure } from "../../model/structure.ts";
import type { Weights } from "../../model/weights.ts";
import { type BatchFunction, jitWithBatch } from "../batch_function.ts";
import { type BatchShape, chunks, collate, countExamples } from "../batches.ts";
import { readBehind } from "../read_behind.ts";

/** What a scoring pass needs. */
export interface ScoringOptions {
  readonly weights: Pick<Weights, "architecture">;
  readonly examples: readonly EncodedExample[];
  readonly shape: BatchShape;
  readonly matrices: readonly MatrixInfo[];
  readonly key: RandomKey;
  /** The dense values to score, by parameter. The pass takes over the tensors. */
  readonly values: ReadonlyMap<string, tf.Tensor>;
  /** The mean gradients of training, instead of a pass over the examples. */
  readonly trainingGradients?: () => Map<string, tf.Tensor2D>;
  /** Called after each batch, with its number of examples; throws to end the pass there. */
  readonly afterBatch: (examples: number) => Promise<void>;
}

/** The context of a score. {@linkcode ScoringPass.dispose} frees its tensors. */
export class ScoringPass implements ScoreContext {
  readonly matrices: readonly MatrixInfo[];
  readonly key: RandomKey;
  readonly #options: ScoringOptions;
  readonly #dense: ReadonlyMap<string, tf.Tensor>;
  readonly #names: readonly string[];
  #gradients: Map<string, tf.Tensor2D> | undefined;
  #loss: BatchFunction | undefined;

  constructor(options: ScoringOptions) {
    this.#options = options;
    this.matrices = options.matrices;
    this.key = options.key;
    this.#dense = options.values;
    this.#names = [...this.#dense.keys()];
  }

  // Fields, not methods, since scores destructure the context.
  weight = (name: string): tf.Tensor2D => this.#dense.get(name) as tf.Tensor2D;

  gradients = async (): Promise<ReadonlyMap<string, tf.Tensor2D>> => {
    if (this.#gradients) return this.#gradients;
    if (this.#options.trainingGradients) return this.#gradients = this.#options.trainingGradients();
    const sums = new Map<string, tf.Tensor2D>();
    await this.#each((gradients, share) => {
      for (const [name, gradient] of gradients) {
        const sum = sums.get(name);
        sums.set(
          name,
          tf.keep(tf.tidy(() => sum ? tf.add(sum, tf.mul(gradient, share)) : tf.mul(gradient, share))),
        );
        sum?.dispose();
      }
    });
    return this.#gradients = sums;
  };

  eachGradient = (visit: (gradients: ReadonlyMap<string, tf.Tensor2D>) => void): Promise<void> => this.#each(visit);

  loss = async (replaced: ReadonlyMap<string, tf.Tensor> = new Map()): Promise<number> => {
    const run = this.#loss ??= jitWithBatch((values, batch) => [sumOverDevices(this.#summedLoss(values, batch))], {
      name: "loss",
    });
    const values = this.#names.map((name) => replaced.get(name) ?? this.#dense.get(name)!);
    const sizes: number[] = [];
    const losses = this.#batches().map((batch) => {
      sizes.push(countExamples(batch));
      return tf.tidy(() => run(values, batch)[0] as tf.Scalar);
    });
    let sum = 0;
    for await (const loss of readBehind(losses)) {
      sum += loss;
      await this.#options.afterBatch(sizes.shift()!);
    }
    return sum / this.#options.examples.length;
  };

  dispose(): void {
    tf.dispose([...this.#dense.values(), ...this.#gradients?.values() ?? []]);
  }

  // Visits the gradients of each batch's mean loss, with the batch's share of all examples.
  async #each(visit: (gradients: Map<string, tf.Tensor2D>, share: number) => void): Promise<void> {
    const indices = this.matrices.map(({ name }) => this.#names.indexOf(name));
    const values = this.#names.map((name) => this.#dense.get(name)!);
    const run = jitWithBatch((values, batch) => {
      const count = sumOverDevices(tf.sum(batch.exampleMask!));
      const share = (...moving: tf.Tensor[]) => {
        const all = [...values];
        indices.forEach((at, index) => all[at] = moving[index]!);
        return tf.div<tf.Scalar>(this.#summedLoss(all, batch), count);
      };
      return tf.grads(share)(indices.map((index) => values[index]!)).map(sumOverDevices);
    }, { name: "gradients" });
    for (const batch of this.#batches()) {
      const gradients = tf.tidy(() => run(values, batch));
      const count = countExamples(batch);
      const share = count / this.#options.examples.length;
      visit(new Map(this.matrices.map(({ name }, index) => [name, gradients[index] as tf.Tensor2D])), share);
      tf.dispose(gradients);
      await this.#options.afterBatch(count);
    }
  }

  *#batches(): Generator<NamedArrays> {
    const { examples, shape, weights: { architecture } } = this.#options;
    // Sorted by length, so that batches have little padding.
    const lengths = new Map(examples.map((example) => [example, example.ids.length]));
    const sorted = [...examples].sort((a, b) => lengths.get(a)! - lengths.get(b)! || a.index - b.index);
    for (const chunk of chunks(sorted, shape.batchSize)) yield collate(chunk, { architecture, shape });
  }

  #summedLoss(values: readonly tf.Tensor[], batch: NamedTensors): tf.Scalar {
    const { architecture } = this.#options.weights;
    const losses = architecture.losses(Structure.dense(architecture).reader(values), batch, {});
    return tf.sum(tf.mul(losses, batch.exampleMask!));
  }
}
