/**
 * Logits of whole sets of examples, dropout off.
 *
 * @module
 */
import { type Engine, engine } from "../backend/engine.ts";
import type { EncodedExample } from "../model/batch.ts";
import { headPredictions } from "../model/head.ts";
import type { Architecture } from "../model/model.ts";
import { computeMetrics, type Metrics, type Task } from "../task.ts";
import * as tf from "../backend/tf.ts";
import { Structure } from "../model/structure.ts";
import type { Weights } from "../model/weights.ts";
import { type BatchFunction, jitWithBatch } from "./batch_function.ts";
import { type BatchShape, chunks, collate } from "./batches.ts";

/** Logits of each example, in the order of the examples. */
export type Logits = readonly (readonly number[])[];

const compiled = new WeakMap<Engine, WeakMap<Architecture, Map<string, BatchFunction>>>();

// Forward passes that compute the same share what is compiled of them.
function forwardPass(architecture: Architecture, structure?: Structure): BatchFunction {
  const ofEngine = compiled.getOrInsertComputed(engine(), () => new WeakMap());
  const known = ofEngine.getOrInsertComputed(architecture, () => new Map());
  const read = structure ?? Structure.dense(architecture);
  return known.getOrInsertComputed(
    read.signature,
    () => jitWithBatch((values, batch) => [architecture.outputs(read.reader(values), batch)], { name: "evaluation" }),
  );
}

/** Computes logits by one compiled forward pass. */
export class Evaluator {
  readonly #forward: BatchFunction;

  private constructor(readonly architecture: Architecture, readonly shape: BatchShape, structure?: Structure) {
    this.#forward = forwardPass(architecture, structure);
  }

  /** For weights with the factors that they have now: the forward pass of training, dropout off. */
  static factorized({ architecture, structure }: Weights, shape: BatchShape): Evaluator {
    return new Evaluator(architecture, shape, structure);
  }

  /** For any dense weights of an architecture. */
  static dense(architecture: Architecture, shape: BatchShape): Evaluator {
    return new Evaluator(architecture, shape);
  }

  /** Logits of the examples; `values` in the order of the weights' slots, or of the architecture's parameters. */
  async logits(
    values: readonly tf.Tensor[],
    { examples, pause }: { examples: readonly EncodedExample[]; pause: () => Promise<void> },
  ): Promise<Logits> {
    // By length, so that little is padding.
    const order = examples.map((_, at) => at).sort((a, b) =>
      examples[a]!.ids.length - examples[b]!.ids.length || a - b
    );
    const found: number[][] = new Array(examples.length);
    for (const some of chunks(order, this.shape.batchSize)) {
      const batch = collate(some.map((at) => examples[at]!), this);
      const rows = tf.tidy(() => this.#forward(values, batch)[0]!.arraySync() as number[][]);
      some.forEach((at, line) => found[at] = rows[line]!);
      await pause();
    }
    return found;
  }
}

/** A task's metrics of logits. */
export function judge(
  logits: Logits,
  { examples, task }: { examples: readonly EncodedExample[]; task: Task },
): Metrics {
  return computeMetrics(task.metrics, {
    predictions: headPredictions(logits, task.head),
    labels: examples.map(({ label }) => label),
  });
}

/** Largest difference between two sets of logits; `NaN` where one is not finite. */
export function largestDifference(a: Logits, b: Logits): number {
  let largest = 0;
  a.forEach((row, line) =>
    row.forEach((value, column) => {
      const difference = Math.abs(value - b[line]![column]!);
      if (!(difference <= largest)) largest = difference;
    })
  );
  return largest;
}

/** Largest logit difference that rounding may make between factors and the matrix they stand for. */
export const LOGIT_TOLERANCE = 1e-3;

/** Fails unless two ways to compute the same logits agree; gives their largest difference. */
export function checkSame(what: string, { before, after }: { before: Logits; after: Logits }): number {
  const difference = largestDifference(before, after);
  if (!(difference <= LOGIT_TOLERANCE)) {
    throw new Error(
      `${what} changed the model: wanted logits within ${LOGIT_TOLERANCE} over the dev set, found ${difference}.`,
    );
  }
  return difference;
}
