/**
 * One optimiser step: forward, backward, clipping, AdamW, compiled into one function where it can be.
 *
 * @module
 */
import type { NamedArrays } from "../model/batch.ts";
import type { RandomKey } from "../random.ts";
import * as tf from "../backend/tf.ts";
import type { ParameterSlot, Weights } from "../model/weights.ts";
import { type CompiledStep, compiledStep } from "./compiled_step.ts";
import { countExamples } from "./batches.ts";
import { GradientSums, Moments } from "./optimizer_state.ts";
import { type AdamWSettings, stepSizes } from "./adamw.ts";

/** What a step needs besides weights and batches. */
export interface StepOptions {
  readonly optimizer: AdamWSettings;
  /** Gradients are scaled down to this global norm. */
  readonly maxGradNorm: number;
  /** Whether a dense parameter is trained. */
  readonly isTrainable: (slot: ParameterSlot) => boolean;
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
  #slots: ParameterSlot[] = [];
  /** Positions of the slots that are trained. */
  #trained: number[] = [];
  /** The same, then those whose gradients only count in the norm. */
  #sloped: number[] = [];
  /** Positions of the dense matrices among the trained, where gradients are summed. */
  #summed: number[] = [];
  #compiled!: CompiledStep;

  constructor(weights: Weights, options: StepOptions) {
    this.#weights = weights;
    this.#options = options;
    this.refresh();
  }

  // Factors are trained because they were chosen; `isTrainable` decides on dense parameters.
  #isTrained(slot: ParameterSlot): boolean {
    return slot.factor === undefined ? this.#options.isTrainable(slot) : !slot.training.frozen;
  }

  /** The slots that training moves. */
  get trained(): ParameterSlot[] {
    return this.#trained.map((at) => this.#slots[at]!);
  }

  /** To be called after matrices were factorised: new slots begin with zero moments, those of gone ones are dropped. */
  refresh(): void {
    this.#slots = this.#weights.slots;
    this.#trained = this.#slots.flatMap((slot, at) => this.#isTrained(slot) ? [at] : []);
    const clipping = this.#slots.flatMap(({ training }, at) =>
      training.frozen && training.countsInGradientNorm ? [at] : []
    );
    this.#sloped = [...this.#trained, ...clipping];
    if (this.#trained.length === 0) throw new Error("Nothing is trained: every parameter is frozen or left out.");
    this.moments.follow(this.trained);
    this.resetGradientSums();
  }

  /** Begins to sum gradients anew. */
  resetGradientSums(): void {
    const matrices = new Set(this.#weights.architecture.matrices.map(({ name }) => name));
    const isSummed = ({ factor, parameter: { name } }: ParameterSlot) => factor === undefined && matrices.has(name);
    this.#summed = this.#options.sumsGradients ? this.trained.flatMap((slot, at) => isSummed(slot) ? [at] : []) : [];
    this.gradientSums.reset(this.#summed.map((at) => this.trained[at]!));
    this.#compiled = compiledStep({
      architecture: this.#weights.architecture,
      structure: this.#weights.structure,
      trained: this.#trained,
      sloped: this.#sloped,
      summed: this.#summed,
      optimizer: this.#options.optimizer,
      maxGradNorm: this.#options.maxGradNorm,
    });
  }

  /**
   * One step on one batch, or on the sum of several, whose loss is the mean over all their examples; `rate` is the
   * schedule's part of the peak rates.
   */
  step(batches: readonly NamedArrays[], { key, rate }: { key: RandomKey; rate: number }): StepReport {
    const values = this.#weights.values;
    const trained = this.trained;
    const moments = trained.map((slot) => this.moments.of(slot));
    const sizes = trained.map((slot, index) =>
      stepSizes(slot, { t: moments[index]!.updates + 1, rate, settings: this.#options.optimizer })
    );
    const count = batches.reduce((sum, batch) => sum + countExamples(batch), 0);
    const outputs = tf.tidy(() => {
      const state = [
        ...values,
        ...moments.map(({ first }) => first),
        ...moments.map(({ second }) => second),
        ...this.gradientSums.tensors,
      ];
      const rates = tf.tensor2d(
        sizes.map(({ stepSize, biasCorrection2, weightDecayFactor }) => [stepSize, biasCorrection2, weightDecayFactor]),
      );
      const keyAndCount = (micro: number) => [
        tf.tensor1d(Int32Array.from(key.fold(micro).words), "int32"),
        tf.scalar(count),
      ];
      const [first, ...others] = batches;
      if (others.length === 0) return this.#compiled.whole([...state, rates, ...keyAndCount(0)], first!);
      const dense = this.#compiled.expand(...values);
      let sums = this.#compiled.gradients([...dense, ...keyAndCount(0)], first!);
      for (const [index, batch] of others.entries()) {
        const next = this.#compiled.gradients([...dense, ...keyAndCount(index + 1)], batch);
        const added = sums.map((sum, index) => tf.add(sum, next[index]!));
        tf.dispose([...sums, ...next]);
        sums = added;
      }
      return this.#compiled.update(...state, rates, ...sums);
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
}

function takeNumber(tensor: tf.Tensor): number {
  const [number] = tensor.dataSync();
  tensor.dispose();
  return number!;
}
