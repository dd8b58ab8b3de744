/**
 * Logits of sets of examples, dropout off.
 *
 * @module
 */
import { NotFiniteError } from "../errors.ts";
import { type Engine, engine } from "../backend/engine.ts";
import { gatherFromDevices } from "../backend/device_group.ts";
import * as tf from "../backend/tf.ts";
import type { EncodedExample } from "../model/batch.ts";
import { generatesText, type Head, headPredictions } from "../model/head.ts";
import type { Architecture } from "../model/model.ts";
import { Structure } from "../model/structure.ts";
import type { Weights } from "../model/weights.ts";
import { computeMetrics, type Metrics, type Task } from "../task.ts";
import { type BatchFunction, jitWithBatch } from "./batch_function.ts";
import { type BatchShape, chunks, collate } from "./batches.ts";
import { readBehind } from "./read_behind.ts";

/** Logits of each example, in the order of the examples. */
export type Logits = readonly (readonly number[])[];

const compiled = new WeakMap<Engine, WeakMap<Architecture, Map<string, BatchFunction>>>();

// Evaluators of the same computation share what is compiled of it.
function forwardPass(architecture: Architecture, structure: Structure): BatchFunction {
  const ofEngine = compiled.getOrInsertComputed(engine(), () => new WeakMap());
  const bySignature = ofEngine.getOrInsertComputed(architecture, () => new Map());
  const forward = (values: tf.Tensor[], batch: Parameters<Architecture["outputs"]>[1]) => [
    gatherFromDevices(architecture.outputs(structure.reader(values), batch)),
  ];
  return bySignature.getOrInsertComputed(structure.signature, () => jitWithBatch(forward, { name: "evaluation" }));
}

/** Computes logits by one compiled forward pass. */
export class Evaluator {
  readonly #forward: BatchFunction;

  private constructor(readonly architecture: Architecture, readonly shape: BatchShape, structure: Structure) {
    this.#forward = forwardPass(architecture, structure);
  }

  /** For weights with their current factors: the forward pass of training, dropout off. */
  static factorized({ architecture, structure }: Weights, shape: BatchShape): Evaluator {
    return new Evaluator(architecture, shape, structure);
  }

  /** For any dense weights of an architecture. */
  static dense(architecture: Architecture, shape: BatchShape): Evaluator {
    return new Evaluator(architecture, shape, Structure.dense(architecture));
  }

  /** Logits of the examples; `values` in the order of the weights' slots, or of the model's untied parameters. */
  async logits(
    values: readonly tf.Tensor[],
    { examples, throwIfInterrupted }: {
      readonly examples: readonly EncodedExample[];
      readonly throwIfInterrupted: () => Promise<void>;
    },
  ): Promise<Logits> {
    // Sorted by length, so that batches have little padding.
    const lengths = examples.map(({ ids }) => ids.length);
    const order = [...lengths.keys()].sort((a, b) => lengths[a]! - lengths[b]! || a - b);
    const { batchSize } = this.shape;
    const outputs = chunks(order, batchSize).map((chunk) => {
      const batch = collate(chunk.map((index) => examples[index]!), this);
      return tf.tidy(() => this.#forward(values, batch)[0] as tf.Tensor2D);
    });
    const rows: number[][] = [];
    for await (const batch of readBehind(outputs)) {
      rows.push(...batch.slice(0, Math.min(batchSize, order.length - rows.length))); // without padded examples
      await throwIfInterrupted();
    }
    const logits: number[][] = new Array(examples.length);
    order.forEach((index, row) => logits[index] = rows[row]!);
    return logits;
  }
}

/** A task's metrics of the predictions that logits stand for. */
export function metricsOf(
  logits: Logits,
  { examples, task }: { examples: readonly EncodedExample[]; task: Task },
): Metrics {
  return computeMetrics(task.metrics, {
    predictions: headPredictions(logits, task.head),
    labels: examples.map(({ label }) => label),
  });
}

/** Largest difference between two sets of logits; `NaN` if one is not finite. */
export function largestDifference(a: Logits, b: Logits): number {
  let largest = 0;
  a.forEach((row, index) =>
    row.forEach((value, column) => {
      const difference = Math.abs(value - b[index]![column]!);
      if (!(difference <= largest)) largest = difference;
    })
  );
  return largest;
}

/** Largest logit difference that rounding may cause between factors and the matrix they stand for; of larger logits, as a part. */
const LOGIT_TOLERANCE = 1e-3;

/** Share of generated texts that rounding may change, where two tokens are about equally likely. */
const ANSWER_TOLERANCE = 0.01;

/**
 * The largest difference between logits of the same model before and after `what`; of generated token ids, the share of
 * texts that differ.
 *
 * @throws {NotFiniteError} for a model whose logits were not finite before
 * @throws if the difference exceeds {@linkcode LOGIT_TOLERANCE}, or the share {@linkcode ANSWER_TOLERANCE}
 */
export function checkSameLogits(
  what: string,
  { before, after, head }: { readonly before: Logits; readonly after: Logits; readonly head?: Head },
): number {
  const largest = before.flat().reduce((largest, value) => Math.max(largest, Math.abs(value)), 0); // NaN if one is
  if (!Number.isFinite(largest)) throw new NotFiniteError("The model's logits on the dev set are not finite.");
  const [difference, tolerance, outputs] = head && generatesText(head)
    ? [shareOfDifferent(before, after), ANSWER_TOLERANCE, "generated texts"] as const
    : [largestDifference(before, after), LOGIT_TOLERANCE * Math.max(1, largest), "logits"] as const;
  if (!(difference <= tolerance)) {
    throw new Error(
      `${what} changed the model: expected equal ${outputs} on the dev set, within ${tolerance}, got a difference of ` +
        `${difference}.`,
    );
  }
  return difference;
}

const shareOfDifferent = (a: Logits, b: Logits): number =>
  a.filter((row, index) => row.join() !== b[index]!.join()).length / Math.max(1, a.length);
