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

/** The tensors that a step of AdamW updates, slot by slot. */
export interface AdamWState {
  readonly values: readonly tf.Tensor[];
  readonly firsts: readonly tf.Tensor[];
  readonly seconds: readonly tf.Tensor[];
}

/** The inputs of a step of AdamW. */
export interface AdamWInputs {
  /** One per slot, before clipping. */
  readonly gradients: readonly tf.Tensor[];
  /** Gradients of frozen factors that count in the norm. */
  readonly others: readonly tf.Tensor[];
  /** `[slots, 3]`: {@linkcode StepSizes}. */
  readonly stepSizes: tf.Tensor2D;
}

/** One update of all slots by clipped gradients, and the gradients' global norm before clipping. */
export function adamW(
  { values, firsts, seconds }: AdamWState,
  { gradients, others, stepSizes }: AdamWInputs,
  { maxGradNorm, adamBeta1, adamBeta2, adamEpsilon }: AdamWSettings & { readonly maxGradNorm: number },
): AdamWState & { readonly norm: tf.Scalar } {
  const norm = globalNorm([...gradients, ...others]);
  const clip = clipFactor(norm, maxGradNorm);
  const sizes = tf.unstack(stepSizes);
  const update = updateKernel(adamBeta1, adamBeta2, adamEpsilon);
  const updated = values.map((value, index) =>
    update(value, firsts[index]!, seconds[index]!, gradients[index]!, sizes[index]!, clip)
  );
  const [newValues, newFirsts, newSeconds] = [0, 1, 2].map((part) => updated.map((tensors) => tensors[part]!));
  return { norm, values: newValues!, firsts: newFirsts!, seconds: newSeconds! };
}

/**
 * PyTorch's AdamW for one tensor. With the clipped gradient `g`:
 * `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `w ← weightDecayFactor·w − stepSize·m / (biasCorrection2·√v + ε)`.
 */
const updateKernel = memoize((adamBeta1: number, adamBeta2: number, adamEpsilon: number) =>
  kernel((...inputs) => {
    const [value, first, second, gradient, sizes, clip] = inputs as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
    const [stepSize, biasCorrection2, weightDecayFactor] = tf.unstack(sizes!) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const g = tf.mul(gradient!, clip!);
    const m = tf.add(tf.mul(first, adamBeta1), tf.mul(g, 1 - adamBeta1));
    const v = tf.add(tf.mul(second!, adamBeta2), tf.mul(tf.square(g), 1 - adamBeta2));
    const step = tf.div(tf.mul(m, stepSize), tf.add(tf.mul(tf.sqrt(v), biasCorrection2), adamEpsilon));
    return [tf.sub(tf.mul(value, weightDecayFactor), step), m, v];
  }, { name: "adamW", donate: [0, 1, 2] })
);

/** The factor that reduces the global norm to `maxNorm`, as in `torch.nn.utils.clip_grad_norm_`. */
const clipFactor = (norm: tf.Scalar, maxNorm: number): tf.Scalar => tf.minimum(tf.div(maxNorm, tf.add(norm, 1e-6)), 1);
