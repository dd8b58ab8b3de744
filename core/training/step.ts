/**
 * One optimiser step: forward, backward, clipping, AdamW, compiled into one function where it can be.
 *
 * @module
 */
import { engine, type TensorFunction } from "../engine.ts";
import type { Batch, ForwardContext, Head } from "../model.ts";
import { RandomKey } from "../random.ts";
import * as tf from "../tf.ts";
import type { Slot, Weights } from "../weights.ts";
import { adamW, type AdamWSettings, clipFactor, globalNorm, type StepSizes, stepSizes } from "./optimizer.ts";

/** A batch as arrays of the host; lines that only fill it up have weight 0. */
export interface HostBatch {
  readonly lines: number;
  readonly length: number;
  /** `[lines, length]`, row by row, like the next two. */
  readonly inputIds: Int32Array;
  readonly tokenTypeIds: Int32Array;
  readonly attentionMask: Int32Array;
  /** `[lines]`: classes or numbers. */
  readonly labels: Float32Array;
  /** `[lines]`: 1 for an example, 0 for a filler. */
  readonly weights: Float32Array;
}

/** What a step needs besides weights and batches. */
export interface StepOptions {
  readonly head: Head;
  readonly optimizer: AdamWSettings;
  /** Gradients are scaled down to this global norm. */
  readonly maxGradNorm: number;
  /** Whether a slot is trained at all. */
  readonly trains: (slot: Slot) => boolean;
}

/** What a step says of itself. */
export interface StepReport {
  /** Mean loss of the examples, before the step. */
  readonly loss: number;
  /** Global norm of the gradients, before clipping. */
  readonly gradientNorm: number;
}

interface Moments {
  first: tf.Tensor;
  second: tf.Tensor;
  /** Updates taken. */
  updates: number;
}

/** The name under which a slot's moments are kept and saved. */
export const slotName = ({ parameter, factor }: Slot): string =>
  factor === undefined ? parameter.name : `${parameter.name}#${factor}`;

/** The sum of the examples' losses: cross-entropy, or squared error. */
export function summedLoss(logits: tf.Tensor2D, { labels, weights, head }: {
  readonly labels: tf.Tensor;
  readonly weights: tf.Tensor;
  readonly head: Head;
}): tf.Scalar {
  const losses = head.kind === "regression"
    ? tf.square(tf.sub(tf.squeeze(logits, [1]), labels))
    : tf.neg(tf.sum(tf.mul(tf.oneHot(tf.cast(labels, "int32"), head.outputs), tf.logSoftmax(logits)), 1));
  return tf.sum(tf.mul(losses, weights));
}

/** The tensors of a batch in the order in which compiled functions take them. */
export const batchTensors = ({ lines, length, ...batch }: HostBatch): tf.Tensor[] => [
  tf.tensor2d(batch.inputIds, [lines, length], "int32"),
  tf.tensor2d(batch.tokenTypeIds, [lines, length], "int32"),
  tf.tensor2d(batch.attentionMask, [lines, length], "int32"),
];

/** The batch of the first three tensors of a list. */
export const asBatch = ([inputIds, tokenTypeIds, attentionMask]: readonly tf.Tensor[]): Batch => ({
  inputIds: inputIds as tf.Tensor2D,
  tokenTypeIds: tokenTypeIds as tf.Tensor2D,
  attentionMask: attentionMask as tf.Tensor2D,
});

/** Takes optimiser steps on the weights of one model, whose matrices may be factorised between steps. */
export class Stepper {
  readonly #weights: Weights;
  readonly #options: StepOptions;
  readonly #moments = new Map<string, Moments>();
  #slots: Slot[] = [];
  /** Positions of the slots that are trained. */
  #trained: number[] = [];
  #step!: TensorFunction;

  constructor(weights: Weights, options: StepOptions) {
    this.#weights = weights;
    this.#options = options;
    this.refresh();
  }

  /** The slots that training moves. */
  get trained(): Slot[] {
    return this.#trained.map((at) => this.#slots[at]!);
  }

  /** To be called after matrices were factorised: new slots begin with zero moments, those of gone ones are dropped. */
  refresh(): void {
    this.#slots = this.#weights.slots;
    this.#trained = this.#slots.flatMap((slot, at) => !slot.training.frozen && this.#options.trains(slot) ? [at] : []);
    const names = new Set(this.trained.map(slotName));
    for (const [name, { first, second }] of this.#moments) {
      if (names.has(name)) continue;
      tf.dispose([first, second]);
      this.#moments.delete(name);
    }
    for (const slot of this.trained) {
      if (this.#moments.has(slotName(slot))) continue;
      const zeros = () => tf.keep(tf.zeros([...slot.shape]));
      this.#moments.set(slotName(slot), { first: zeros(), second: zeros(), updates: 0 });
    }
    this.#step = engine().jit(this.#compute, { name: "training step" });
  }

  /** One step on one batch; `rate` is the schedule's part of the peak rates. */
  step(batch: HostBatch, { key, rate }: { key: RandomKey; rate: number }): StepReport {
    const values = this.#weights.values;
    const moments = this.trained.map((slot) => this.#moments.get(slotName(slot))!);
    const sizes = this.trained.map((slot, index) =>
      stepSizes(slot, { t: moments[index]!.updates + 1, rate, settings: this.#options.optimizer })
    );
    const outputs = tf.tidy(() =>
      this.#step(
        ...values,
        ...moments.map(({ first }) => first),
        ...moments.map(({ second }) => second),
        ...batchTensors(batch),
        tf.tensor1d(batch.labels),
        tf.tensor1d(batch.weights),
        tf.tensor1d(Int32Array.from(key.words), "int32"),
        tf.tensor2d(sizes.map(({ stepSize, secondCorrection, kept }) => [stepSize, secondCorrection, kept])),
      )
    );
    const [loss, gradientNorm] = outputs.splice(0, 2).map(takeNumber) as [number, number];
    const count = this.#trained.length;
    const next = [...values];
    this.#trained.forEach((at, index) => next[at] = outputs[index]!);
    this.#weights.replace(next);
    moments.forEach((moment, index) => {
      tf.dispose([moment.first, moment.second]);
      moment.first = tf.keep(outputs[count + index]!);
      moment.second = tf.keep(outputs[2 * count + index]!);
      moment.updates++;
    });
    return { loss, gradientNorm };
  }

  dispose(): void {
    for (const { first, second } of this.#moments.values()) tf.dispose([first, second]);
  }

  // Everything that is computed, as a function of tensors alone.
  #compute = (...inputs: tf.Tensor[]): tf.Tensor[] => {
    const take = (count: number) => inputs.splice(0, count);
    const values = take(this.#slots.length);
    const firsts = take(this.#trained.length), seconds = take(this.#trained.length);
    const batch = asBatch(take(3));
    const [labels, weights, key, sizes] = take(4) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor2D];
    const { head, maxGradNorm, optimizer } = this.#options;
    const lossOf = (...moving: tf.Tensor[]) => {
      const all = [...values];
      this.#trained.forEach((at, index) => all[at] = moving[index]!);
      const logits = this.#weights.architecture.forward(this.#weights.reader(all), batch, dropoutBy(key));
      return tf.div<tf.Scalar>(summedLoss(logits, { labels, weights, head }), tf.sum(weights));
    };
    const { value, grads } = tf.valueAndGrads(lossOf)(this.#trained.map((at) => values[at]!));
    const norm = globalNorm(grads);
    const clip = clipFactor(norm, maxGradNorm);
    const update = adamW(optimizer);
    const rows = tf.unstack(sizes);
    const updated = grads.map((gradient, index) =>
      update(values[this.#trained[index]!]!, firsts[index]!, seconds[index]!, gradient, clip, rows[index]!)
    );
    return [value, norm, ...[0, 1, 2].flatMap((part) => updated.map((tensors) => tensors[part]!))];
  };
}

/** Dropout whose masks come from the key, one place after another. */
export function dropoutBy(key: tf.Tensor): ForwardContext {
  let place = 0;
  return { dropout: (shape, rate) => engine().randomMask(key, shape, rate, place++) };
}

function takeNumber(tensor: tf.Tensor): number {
  const [number] = tensor.dataSync();
  tensor.dispose();
  return number!;
}
