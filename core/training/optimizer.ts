/**
 * AdamW by parameter, not by position: parameters come and go when matrices are decomposed.
 *
 * @module
 */
import { type Engine, engine, type TensorFunction } from "../engine.ts";
import * as tf from "../tf.ts";
import type { Slot } from "../weights.ts";

/** Settings of AdamW (Loshchilov & Hutter 2019), with Transformers' names. */
export interface AdamWSettings {
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  readonly adamEpsilon: number;
  /** Decay of dense parameters, none on biases and LayerNorm. */
  readonly weightDecay: number;
  /** Decay of factors. */
  readonly factorWeightDecay: number;
  readonly learningRate: number;
  /** Rate of factors. */
  readonly factorLearningRate: number;
}

/** What a step multiplies with, for the slots that share a rate, a decay and an age. */
export interface StepSizes {
  /** `rate / (1 − β₁ᵗ)` */
  readonly stepSize: number;
  /** `1 / √(1 − β₂ᵗ)` */
  readonly secondCorrection: number;
  /** `1 − rate · decay` */
  readonly kept: number;
}

/** The numbers of one AdamW update at step `t` (from 1) of a slot, `rate` being the schedule's part of the peak. */
export function stepSizes(
  slot: Slot,
  { t, rate, settings }: { t: number; rate: number; settings: AdamWSettings },
): StepSizes {
  const { as = slot.factor === undefined ? "dense" : "factor", rate: times = 1, decay: own } = slot.training;
  const peak = times * (as === "factor" ? settings.factorLearningRate : settings.learningRate);
  const usual = as === "factor" ? settings.factorWeightDecay : slot.parameter.undecayed ? 0 : settings.weightDecay;
  const decay = own ?? usual;
  return {
    stepSize: rate * peak / (1 - settings.adamBeta1 ** t),
    secondCorrection: 1 / Math.sqrt(1 - settings.adamBeta2 ** t),
    kept: 1 - rate * peak * decay,
  };
}

/**
 * One AdamW update as a kernel: arguments value, first moment, second moment, gradient, clip (a factor on the gradient,
 * scalar) and sizes `[3]`; gives the new value and moments. As PyTorch's: `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
 * `w ← kept·w − stepSize · m / (secondCorrection·√v + ε)`. An engine compiles it once a shape, for all runs of its process
 * that share the settings.
 */
export function adamW({ adamBeta1, adamBeta2, adamEpsilon }: AdamWSettings): TensorFunction {
  const made = kernels.get(engine()) ?? new Map<string, TensorFunction>();
  kernels.set(engine(), made);
  const key = [adamBeta1, adamBeta2, adamEpsilon].join();
  const known = made.get(key);
  if (known) return known;
  const update = engine().jit((value, first, second, gradient, clip, sizes) => {
    const [stepSize, correction, kept] = tf.unstack(sizes!) as [tf.Scalar, tf.Scalar, tf.Scalar];
    const g = tf.mul(gradient!, clip!);
    const m = tf.add(tf.mul(first!, adamBeta1), tf.mul(g, 1 - adamBeta1));
    const v = tf.add(tf.mul(second!, adamBeta2), tf.mul(tf.square(g), 1 - adamBeta2));
    const step = tf.div(tf.mul(m, stepSize), tf.add(tf.mul(tf.sqrt(v), correction), adamEpsilon));
    return [tf.sub(tf.mul(value!, kept), step), m, v];
  }, { name: "adamW", kernel: true });
  made.set(key, update);
  return update;
}

const kernels = new WeakMap<Engine, Map<string, TensorFunction>>();

/** `√Σ‖g‖²` over all gradients. */
export function globalNorm(gradients: readonly tf.Tensor[]): tf.Scalar {
  return tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)) as tf.Scalar)));
}

/** The factor that brings the global norm down to `maxNorm`, as `torch.nn.utils.clip_grad_norm_`. */
export const clipFactor = (norm: tf.Scalar, maxNorm: number): tf.Scalar =>
  tf.minimum(tf.div(maxNorm, tf.add(norm, 1e-6)), 1);
