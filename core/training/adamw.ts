/**
 * AdamW, compiled as part of a training step.
 *
 * @module
 */
import { globalNorm } from "../backend/global_norm.ts";
import { kernel } from "../backend/kernels.ts";
import { memoize } from "../backend/memoize.ts";
import * as tf from "../backend/tf.ts";
import type { ParameterSlot } from "../model/weights.ts";
import { join, split } from "./joined_tensors.ts";

/** Settings of AdamW (Loshchilov & Hutter 2019), with Transformers' names. */
export interface AdamWSettings {
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  readonly adamEpsilon: number;
  /** Weight decay of dense parameters; biases and LayerNorm have none. */
  readonly weightDecay: number;
  readonly factorWeightDecay: number;
  /** Peak learning rate of dense parameters. */
  readonly learningRate: number;
  /** Peak learning rate of factors. */
  readonly factorLearningRate: number;
}

/** What distinguishes the update of one slot from that of another. */
export interface StepSizes {
  /** `learning rate / (1 − β₁ᵗ)` */
  readonly stepSize: number;
  /** `1 / √(1 − β₂ᵗ)` */
  readonly biasCorrection2: number;
  /** `1 − learning rate · weight decay` */
  readonly weightDecayFactor: number;
}

/** The step sizes of a slot at its update `t` (from 1), `rate` being the schedule's fraction of the peak learning rate. */
export function stepSizes(
  { parameter, factor, training }: ParameterSlot,
  { t, rate, settings }: { t: number; rate: number; settings: AdamWSettings },
): StepSizes {
  const { parameterGroup = factor === undefined ? "dense" : "factor", learningRateMultiplier = 1 } = training;
  const group = parameterGroup === "factor"
    ? { learningRate: settings.factorLearningRate, decay: settings.factorWeightDecay }
    : { learningRate: settings.learningRate, decay: parameter.noWeightDecay ? 0 : settings.weightDecay };
  const learningRate = rate * learningRateMultiplier * group.learningRate;
  return {
    stepSize: learningRate / (1 - settings.adamBeta1 ** t),
    biasCorrection2: 1 / Math.sqrt(1 - settings.adamBeta2 ** t),
    weightDecayFactor: 1 - learningRate * (training.decay ?? group.decay),
  };
}

/** The tensors that a step of AdamW updates. Slots of one group share step sizes. */
export interface AdamWState {
  /** Of each group, slot by slot. */
  readonly values: readonly (readonly tf.Tensor[])[];
  /** One per group: those of its slots, joined. */
  readonly firsts: readonly tf.Tensor[];
  readonly seconds: readonly tf.Tensor[];
}

/** The inputs of a step of AdamW. */
export interface AdamWInputs {
  /** Of each group, slot by slot, before clipping. */
  readonly gradients: readonly (readonly tf.Tensor[])[];
  /** Gradients of frozen factors that count in the norm. */
  readonly others: readonly tf.Tensor[];
  /** `[groups, 3]`: {@linkcode StepSizes}. */
  readonly stepSizes: tf.Tensor2D;
}

/** One update of all groups by clipped gradients, and the gradients' global norm before clipping. */
export function adamW(
  { values, firsts, seconds }: AdamWState,
  { gradients, others, stepSizes }: AdamWInputs,
  { maxGradNorm, adamBeta1, adamBeta2, adamEpsilon }: AdamWSettings & { readonly maxGradNorm: number },
): AdamWState & { readonly norm: tf.Scalar } {
  const joined = gradients.map(join);
  const norm = globalNorm([...joined, ...others]);
  const clip = clipFactor(norm, maxGradNorm);
  const sizes = tf.unstack(stepSizes);
  const updated = values.map((group, index) => {
    const update = updateKernel(group.length, adamBeta1, adamBeta2, adamEpsilon);
    return update(...group, firsts[index]!, seconds[index]!, joined[index]!, sizes[index]!, clip);
  });
  return {
    norm,
    values: updated.map((tensors) => tensors.slice(0, -2)),
    firsts: updated.map((tensors) => tensors.at(-2)!),
    seconds: updated.map((tensors) => tensors.at(-1)!),
  };
}

/**
 * PyTorch's AdamW for the slots of a group. With the clipped gradient `g`:
 * `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `w ← weightDecayFactor·w − stepSize·m / (biasCorrection2·√v + ε)`.
 */
const updateKernel = memoize((slots: number, adamBeta1: number, adamBeta2: number, adamEpsilon: number) =>
  kernel((...inputs) => {
    const values = inputs.splice(0, slots);
    const [first, second, gradient, sizes, clip] = inputs as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
    const [stepSize, biasCorrection2, weightDecayFactor] = tf.unstack(sizes!) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const g = tf.mul(gradient!, clip!);
    const m = tf.add(tf.mul(first, adamBeta1), tf.mul(g, 1 - adamBeta1));
    const v = tf.add(tf.mul(second, adamBeta2), tf.mul(tf.square(g), 1 - adamBeta2));
    const step = tf.div(tf.mul(m, stepSize), tf.add(tf.mul(tf.sqrt(v), biasCorrection2), adamEpsilon));
    const steps = split(step, values.map(({ shape }) => shape));
    return [...values.map((value, index) => tf.sub(tf.mul(value, weightDecayFactor), steps[index]!)), m, v];
  }, { name: "adamW", donate: [...Array(slots + 2).keys()] })
);

/** The factor that reduces the global norm to `maxNorm`, as in `torch.nn.utils.clip_grad_norm_`. */
const clipFactor = (norm: tf.Scalar, maxNorm: number): tf.Scalar => tf.minimum(tf.div(maxNorm, tf.add(norm, 1e-6)), 1);
