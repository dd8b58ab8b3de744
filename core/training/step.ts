/**
 * One optimizer step: forward, backward, clipping and AdamW, compiled into one function where possible.
 *
 * @module
 */
import { engine, type Precision } from "../backend/engine.ts";
import * as tf from "../backend/tf.ts";
import type { NamedArrays } from "../model/batch.ts";
import type { ParameterSlot, Weights } from "../model/weights.ts";
import type { RandomKey } from "../random.ts";
import { type AdamWSettings, stepSizes } from "./adamw.ts";
import { countExamples } from "./batches.ts";
import { type CompiledStep, compiledStep } from "./compiled_step.ts";
import { GradientAccumulator, Moments, slotName, type StoredMoment } from "./optimizer_state.ts";

/** What a step needs besides weights and batches. */
export interface StepOptions {
  readonly optimizer: AdamWSettings;
  /** Gradients are scaled down to this global norm. */
  readonly maxGradNorm: number;
  /** How the matrix products of losses and gradients multiply. @default "float32" */
  readonly precision?: Precision;
  /** Whether a dense parameter is trained. Factors are trained unless they are frozen. */
  readonly isTrainable: (slot: ParameterSlot) => boolean;
  /** Accumulate the gradients of dense matrices over steps, or their absolute values, for scores. @default neither */
  readonly accumulateGradients?: "signed" | "absolute" | undefined;
}

/** What a step computed besides new weights. */
export interface StepReport {
  /** Mean loss of the examples, before the step. */
  readonly loss: number;
  /** Global norm of the gradients, before clipping. */
  readonly gradientNorm: number;
}

/** Takes optimizer steps on the weights of one model, whose matrices may be factorized between steps. */
export class Stepper {
  readonly #weights: Weights;
  readonly #options: StepOptions;
  /** Adam's moments of the trained slots. */
  readonly moments: Moments;
  /** Gradients of the dense matrices since the last reset; empty unless they are accumulated. */
  readonly accumulator = new GradientAccumulator();
  #slots: ParameterSlot[] = [];
  /** Indices of the trained slots. */
  #trained: number[] = [];
  /** The trained slots, followed by those whose gradients only count in the norm. */
  #withGradient: number[] = [];
  #compiled!: CompiledStep;

  constructor(weights: Weights, options: StepOptions) {
    this.#weights = weights;
    this.#options = options;
    // Slots that always have one step size may be updated as one.
    const sizesOf = (slot: ParameterSlot) => stepSizes(slot, { t: 1, rate: 1, settings: options.optimizer });
    this.moments = new Moments(
      engine().compilesWholePrograms ? (slot) => JSON.stringify(sizesOf(slot)) : undefined,
    );
    this.refresh();
  }

  /** The slots that training moves. */
  get trained(): ParameterSlot[] {
    return this.#trained.map((index) => this.#slots[index]!);
  }

  /** To be called after matrices were factorized: new slots start with zero moments, those of old ones are dropped. */
  refresh(): void {
    const { isTrainable } = this.#options;
    const isTrained = (slot: ParameterSlot) => slot.factor === undefined ? isTrainable(slot) : !slot.training.frozen;
    const isCounted = ({ training }: ParameterSlot) => training.frozen && training.countsInGradientNorm;
    this.#slots = this.#weights.slots;
    this.#trained = this.#slots.flatMap((slot, index) => isTrained(slot) ? [index] : []);
    this.#withGradient = [...this.#trained, ...this.#slots.flatMap((slot, index) => isCounted(slot) ? [index] : [])];
    if (this.#trained.length === 0) throw new Error("Nothing is trained: every parameter is frozen or excluded.");
    this.moments.syncWith(this.trained);
    this.resetAccumulator();
  }

  /** Restarts the accumulation of gradients. */
  resetAccumulator(): void {
    const { architecture, structure } = this.#weights;
    const { optimizer, maxGradNorm, precision = "float32", accumulateGradients } = this.#options;
    const matrices = new Set(architecture.matrices.map(({ name }) => name));
    const accumulated = this.trained.flatMap(({ factor, parameter: { name } }, index) =>
      accumulateGradients && factor === undefined && matrices.has(name) ? [index] : []
    );
    this.accumulator.reset(accumulated.map((index) => this.trained[index]!));
    const [trained, withGradient] = [this.#trained, this.#withGradient];
    const indexOf = new Map(this.trained.map((slot, index) => [slotName(slot), index]));
    const groups = this.moments.groups.map(({ slots }) => slots.map((slot) => indexOf.get(slotName(slot))!));
    this.#compiled = compiledStep({
      architecture,
      structure,
      trained,
      groups,
      withGradient,
      accumulated,
      accumulateAbsolute: accumulateGradients === "absolute",
      optimizer,
      maxGradNorm,
      precision,
    });
  }

  /** Replaces all moments by stored ones. */
  restoreMoments(state: ReadonlyMap<string, StoredMoment>): void {
    this.moments.restore(state);
    this.resetAccumulator();
  }

  /** Takes a step, and waits for its report. */
  step(batches: readonly NamedArrays[], options: { readonly key: RandomKey; readonly rate: number }): StepReport {
    const report = this.start(batches, options);
    const [loss, gradientNorm] = report.dataSync();
    report.dispose();
    return { loss: loss!, gradientNorm: gradientNorm! };
  }

  /**
   * Starts a step on one batch, or on several whose gradients are added up: the loss is the mean over all their examples.
   * `rate` is the schedule's fraction of the peak learning rates.
   *
   * @returns loss and gradient norm `[2]`, the caller's to read and dispose; an asynchronous engine computes them later
   */
  start(
    batches: readonly NamedArrays[],
    { key, rate }: { readonly key: RandomKey; readonly rate: number },
  ): tf.Tensor1D {
    const values = this.#weights.values;
    const { groups } = this.moments;
    const outputs = tf.tidy(() => {
      const state = [
        ...values,
        ...groups.map(({ first }) => first),
        ...groups.map(({ second }) => second),
        ...this.accumulator.sums,
      ];
      return this.#run(batches, { state, values, sizes: this.#stepSizes(rate), key });
    });
    const report = outputs.shift() as tf.Tensor1D;
    const take = (count: number) => outputs.splice(0, count);
    const next = [...values];
    for (const [index, value] of take(this.#trained.length).entries()) next[this.#trained[index]!] = value;
    this.#weights.replace(next);
    this.moments.update({ firsts: take(groups.length), seconds: take(groups.length) });
    this.accumulator.replace(outputs);
    return report;
  }

  #stepSizes(rate: number): tf.Tensor2D {
    return tf.tensor2d(this.moments.groups.map(({ slots, updates }) => {
      const sizes = stepSizes(slots[0]!, { t: updates + 1, rate, settings: this.#options.optimizer });
      return [sizes.stepSize, sizes.biasCorrection2, sizes.weightDecayFactor];
    }));
  }

  #run(batches: readonly NamedArrays[], { state, values, sizes, key }: {
    readonly state: readonly tf.Tensor[];
    readonly values: readonly tf.Tensor[];
    readonly sizes: tf.Tensor2D;
    readonly key: RandomKey;
  }): tf.Tensor[] {
    const { whole, expand, gradients, accumulate, update } = this.#compiled;
    const count = tf.scalar(batches.reduce((sum, batch) => sum + countExamples(batch), 0));
    const dropoutKey = (index: number) => tf.tensor1d(Int32Array.from(key.fold(index).words), "int32");
    const [first, ...others] = batches;
    if (others.length === 0) return whole([...state, sizes, dropoutKey(0), count], first!);
    const dense = expand(...values);
    let sums = gradients([...dense, dropoutKey(0), count], first!);
    for (const [index, batch] of others.entries()) {
      const next = gradients([...dense, dropoutKey(index + 1), count], batch);
      const added = accumulate(...sums, ...next);
      tf.dispose([...sums, ...next]);
      sums = added;
    }
    return update(...state, sizes, ...sums);
  }

  dispose(): void {
    this.moments.dispose();
    this.accumulator.dispose();
  }
}
