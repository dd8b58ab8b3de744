/**
 * One optimiser step: forward, backward, clipping, AdamW, compiled into one function where it can be.
 *
 * @module
 */
import { engine, type TensorFunction } from "../engine.ts";
import type { Head } from "../model.ts";
import { RandomKey } from "../random.ts";
import * as tf from "../tf.ts";
import type { Slot, Weights } from "../weights.ts";
import { asBatch, batchTensors, dropoutBy, type HostBatch, summedLoss } from "./host_batch.ts";
import { GradientSums, Moments } from "./moments.ts";
import { adamW, type AdamWSettings, clipFactor, globalNorm, stepSizes } from "./optimizer.ts";

/** What a step needs besides weights and batches. */
export interface StepOptions {
  readonly head: Head;
  readonly optimizer: AdamWSettings;
  /** Gradients are scaled down to this global norm. */
  readonly maxGradNorm: number;
  /** Whether a dense parameter is trained. */
  readonly trains: (slot: Slot) => boolean;
  /** Sum the gradients of dense matrices over steps, for scores that look at them. @default false */
  readonly sumsGradients?: boolean;
}

/** What a step says of itself. */
export interface StepReport {
  /** Mean loss of the examples, before the step. */
  readonly loss: number;
  /** Global norm of the gradients, before clipping. */
  readonly gradientNorm: number;
}

/** Takes optimiser steps on the weights of one model, whose matrices may be factorised between steps. */
export class Stepper {
  readonly #weights: Weights;
  readonly #options: StepOptions;
  /** Adam's moments of the slots that are trained. */
  readonly moments = new Moments();
  /** Of the steps since matrices were last asked for; empty where they are not summed. */
  readonly gradientSums = new GradientSums();
  #slots: Slot[] = [];
  /** Positions of the slots that are trained. */
  #trained: number[] = [];
  /** The same, then those whose gradients only count in the norm. */
  #sloped: number[] = [];
  /** Positions of the dense matrices among the trained, where gradients are summed. */
  #summed: number[] = [];
  #whole!: TensorFunction;
  #expand!: TensorFunction;
  #gradients!: TensorFunction;
  #update!: TensorFunction;

  constructor(weights: Weights, options: StepOptions) {
    this.#weights = weights;
    this.#options = options;
    this.refresh();
  }

  // Factors are trained because they were chosen; `trains` speaks of dense parameters.
  #isTrained(slot: Slot): boolean {
    return slot.factor === undefined ? this.#options.trains(slot) : !slot.training.frozen;
  }

  /** The slots that training moves. */
  get trained(): Slot[] {
    return this.#trained.map((at) => this.#slots[at]!);
  }

  /** To be called after matrices were factorised: new slots begin with zero moments, those of gone ones are dropped. */
  refresh(): void {
    this.#slots = this.#weights.slots;
    this.#trained = this.#slots.flatMap((slot, at) => this.#isTrained(slot) ? [at] : []);
    const clipping = this.#slots.flatMap(({ training }, at) => training.frozen && training.clips ? [at] : []);
    this.#sloped = [...this.#trained, ...clipping];
    if (this.#trained.length === 0) throw new Error("Nothing is trained: every parameter is frozen or left out.");
    this.moments.follow(this.trained);
    this.resetGradientSums();
    this.#compile();
  }

  /** Begins to sum gradients anew. */
  resetGradientSums(): void {
    const matrices = new Set(this.#weights.architecture.matrices.map(({ name }) => name));
    const isSummed = ({ factor, parameter: { name } }: Slot) => factor === undefined && matrices.has(name);
    this.#summed = this.#options.sumsGradients ? this.trained.flatMap((slot, at) => isSummed(slot) ? [at] : []) : [];
    this.gradientSums.reset(this.#summed.map((at) => this.trained[at]!));
  }

  /**
   * One step on one batch, or on the sum of several, whose loss is the mean over all their examples; `rate` is the
   * schedule's part of the peak rates.
   */
  step(batches: readonly HostBatch[], { key, rate }: { key: RandomKey; rate: number }): StepReport {
    const values = this.#weights.values;
    const trained = this.trained;
    const moments = trained.map((slot) => this.moments.of(slot));
    const sizes = trained.map((slot, index) =>
      stepSizes(slot, { t: moments[index]!.updates + 1, rate, settings: this.#options.optimizer })
    );
    const count = batches.reduce((sum, { weights }) => sum + weights.reduce((lines, weight) => lines + weight, 0), 0);
    const outputs = tf.tidy(() => {
      const state = [
        ...values,
        ...moments.map(({ first }) => first),
        ...moments.map(({ second }) => second),
        ...this.gradientSums.tensors,
      ];
      const rates = tf.tensor2d(
        sizes.map(({ stepSize, secondCorrection, kept }) => [stepSize, secondCorrection, kept]),
      );
      const given = batches.map((batch, micro) => batchInputs(batch, { key: key.fold(micro), count }));
      if (given.length === 1) return this.#whole(...state, rates, ...given[0]!);
      const dense = this.#expand(...values);
      let sums = this.#gradients(...dense, ...given[0]!);
      for (const inputs of given.slice(1)) {
        const next = this.#gradients(...dense, ...inputs);
        const added = sums.map((sum, index) => tf.add(sum, next[index]!));
        tf.dispose([...sums, ...next]);
        sums = added;
      }
      return this.#update(...state, rates, ...sums);
    });
    const [loss, gradientNorm] = outputs.splice(0, 2).map(takeNumber) as [number, number];
    const moved = () => outputs.splice(0, trained.length);
    const next = [...values];
    for (const [index, value] of moved().entries()) next[this.#trained[index]!] = value;
    this.#weights.replace(next);
    this.moments.updated(trained, { firsts: moved(), seconds: moved() });
    this.gradientSums.replace(outputs);
    return { loss, gradientNorm };
  }

  dispose(): void {
    this.moments.dispose();
    this.gradientSums.dispose();
  }

  // What is computed, as functions of tensors alone.
  #compile(): void {
    const jit = (compute: TensorFunction, name: string) => engine().jit(compute, { name });
    this.#whole = jit((...inputs) => {
      const { values, moments, sums, rates, rest } = this.#split(inputs);
      const reader = (moving: readonly tf.Tensor[]) => {
        const all = [...values];
        this.#sloped.forEach((at, index) => all[at] = moving[index]!);
        return this.#weights.reader(all);
      };
      const { value, grads } = tf.valueAndGrads((...moving) => this.#loss(reader(moving), rest))(
        this.#sloped.map((at) => values[at]!),
      );
      return [value, ...this.#adamW({ values, moments, rates, gradients: grads }), ...this.#added(sums, grads)];
    }, "training step");
    // Gradients of several batches are summed by parameter; factors come in before the first and after the last.
    const names = this.#weights.architecture.parameters.map(({ name }) => name);
    const sloped = [...new Set(this.#sloped.map((at) => names.indexOf(this.#slots[at]!.parameter.name)))];
    this.#expand = jit((...values) => names.map(this.#weights.reader(values)), "expansion");
    this.#gradients = jit((...inputs) => {
      const dense = inputs.splice(0, names.length);
      const { value, grads } = tf.valueAndGrads((...moving) => {
        const all = new Map(names.map((name, index) => [name, dense[index]!]));
        sloped.forEach((at, index) => all.set(names[at]!, moving[index]!));
        return this.#loss((name) => all.get(name)!, inputs);
      })(sloped.map((at) => dense[at]!));
      return [value, ...grads];
    }, "gradients");
    this.#update = jit((...inputs) => {
      const { values, moments, sums, rates, rest: [loss, ...slopes] } = this.#split(inputs);
      const slopeOf = new Map(sloped.map((at, index) => [names[at]!, slopes[index]!]));
      const gradients = this.#slopesOfFactors(values, slopeOf);
      return [loss!, ...this.#adamW({ values, moments, rates, gradients }), ...this.#added(sums, gradients)];
    }, "update");
  }

  #split(inputs: tf.Tensor[]) {
    const take = (count: number) => inputs.splice(0, count);
    const values = take(this.#slots.length);
    const moments = { firsts: take(this.#trained.length), seconds: take(this.#trained.length) };
    const sums = take(this.#summed.length);
    const [rates] = take(1) as [tf.Tensor2D];
    return { values, moments, sums, rates, rest: inputs };
  }

  // The trained slots come first among those that have gradients.
  #added = (sums: readonly tf.Tensor[], gradients: readonly tf.Tensor[]): tf.Tensor[] =>
    this.#summed.map((at, index) => tf.add(sums[index]!, gradients[at]!));

  // The sum of the batch's losses as a share of the step's: its mean over all examples of the step.
  #loss(read: (name: string) => tf.Tensor, inputs: readonly tf.Tensor[]): tf.Scalar {
    const [labels, weights, key, count] = inputs.slice(3) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const logits = this.#weights.architecture.forward(read, asBatch(inputs), dropoutBy(key));
    return tf.div(summedLoss(logits, { labels, weights, head: this.#options.head }), count);
  }

  // Gradients of all slots that have one from those of the dense parameters, through each reconstruction.
  #slopesOfFactors(values: readonly tf.Tensor[], slopeOf: ReadonlyMap<string, tf.Tensor>): tf.Tensor[] {
    const dense = (moving: readonly tf.Tensor[]) => {
      const all = [...values];
      this.#sloped.forEach((at, index) => all[at] = moving[index]!);
      const read = this.#weights.reader(all);
      return tf.addN([...slopeOf].map(([name, slope]) => tf.sum(tf.mul(read(name), slope)) as tf.Scalar));
    };
    return tf.grads((...moving: tf.Tensor[]) => dense(moving))(this.#sloped.map((at) => values[at]!));
  }

  #adamW({ values, moments: { firsts, seconds }, rates, gradients }: {
    values: readonly tf.Tensor[];
    moments: { firsts: readonly tf.Tensor[]; seconds: readonly tf.Tensor[] };
    rates: tf.Tensor2D;
    gradients: readonly tf.Tensor[];
  }): tf.Tensor[] {
    const norm = globalNorm(gradients);
    const clip = clipFactor(norm, this.#options.maxGradNorm);
    const update = adamW(this.#options.optimizer);
    const rows = tf.unstack(rates);
    const updated = this.#trained.map((at, index) =>
      update(values[at]!, firsts[index]!, seconds[index]!, gradients[index]!, clip, rows[index]!)
    );
    return [norm, ...[0, 1, 2].flatMap((part) => updated.map((tensors) => tensors[part]!))];
  }
}

// Arguments of a gradient: three of the batch, labels, weights, dropout key, examples of the whole step.
const batchInputs = (batch: HostBatch, { key, count }: { key: RandomKey; count: number }): tf.Tensor[] => [
  ...batchTensors(batch),
  tf.tensor1d(batch.labels),
  tf.tensor1d(batch.weights),
  tf.tensor1d(Int32Array.from(key.words), "int32"),
  tf.scalar(count),
];

function takeNumber(tensor: tf.Tensor): number {
  const [number] = tensor.dataSync();
  tensor.dispose();
  return number!;
}
