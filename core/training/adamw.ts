/**
 * AdamW by parameter, not by position: parameters come and go when matrices are decomposed.
 *
 * @module
 */
import { globalNorm } from "../backend/global_norm.ts";
import { kernel, KERNEL_SIZE } from "../backend/kernels.ts";
import { memoize } from "../backend/memoize.ts";
import * as tf from "../backend/tf.ts";
import type { ParameterSlot } from "../model/weights.ts";

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
  readonly biasCorrection2: number;
  /** `1 − rate · decay` */
  readonly kept: number;
}

/** The numbers of one AdamW update at step `t` (from 1) of a slot, `rate` being the schedule's part of the peak. */
export function stepSizes(
  slot: ParameterSlot,
  { t, rate, settings }: { t: number; rate: number; settings: AdamWSettings },
): StepSizes {
  const { learningRateMultiplier = 1, decay: own } = slot.training;
  const group = slot.training.parameterGroup ?? (slot.factor === undefined ? "dense" : "factor");
  const peak = learningRateMultiplier * (group === "factor" ? settings.factorLearningRate : settings.learningRate);
  const usual = group === "factor"
    ? settings.factorWeightDecay
    : slot.parameter.noWeightDecay
    ? 0
    : settings.weightDecay;
  const decay = own ?? usual;
  return {
    stepSize: rate * peak / (1 - settings.adamBeta1 ** t),
    biasCorrection2: 1 / Math.sqrt(1 - settings.adamBeta2 ** t),
    kept: 1 - rate * peak * decay,
  };
}

/** The tensors that one step of AdamW moves, slot by slot. */
export interface AdamWState {
  readonly values: readonly tf.Tensor[];
  readonly firsts: readonly tf.Tensor[];
  readonly seconds: readonly tf.Tensor[];
}

/** What a step of AdamW is given besides. */
export interface AdamWStep {
  /** One a slot, before clipping. */
  readonly gradients: readonly tf.Tensor[];
  /** Gradients that only count in the norm. */
  readonly others: readonly tf.Tensor[];
  /** `[slots, 3]`: stepSize, biasCorrection2, kept. */
  readonly rates: tf.Tensor2D;
}

/**
 * One AdamW update of all slots, and the gradients' global norm before clipping, to be called while compiling. Large tensors
 * go through kernels, which write where they are; the many small ones go through one together, as a vector.
 */
export function adamW(
  state: AdamWState,
  { gradients, others, rates }: AdamWStep,
  { maxGradNorm, adamBeta1, adamBeta2, adamEpsilon }: AdamWSettings & { readonly maxGradNorm: number },
): AdamWState & { readonly norm: tf.Scalar } {
  const large: number[] = [], small: number[] = [];
  state.values.forEach(({ size }, at) => (size < KERNEL_SIZE ? small : large).push(at));
  const { values, firsts, seconds } = state;
  const together = small.length > 0 ? new FlattenedTensors(small.map((at) => values[at]!)) : undefined;
  const joined = (tensors: readonly tf.Tensor[]) => together!.join(small.map((at) => tensors[at]!));
  const smallSlopes = together && joined(gradients);
  const norm = globalNorm([
    ...large.map((at) => gradients[at]!),
    ...smallSlopes ? [smallSlopes] : [],
    ...others,
  ]);
  const clip = clipFactor(norm, maxGradNorm);
  const constants = { clip, adamBeta1, adamBeta2, adamEpsilon };
  const ratesOf = tf.unstack(rates);
  const moving = large.map((at): AdamWTensors => {
    const [value, first, second, gradient] = [values[at]!, firsts[at]!, seconds[at]!, gradients[at]!];
    return { value, first, second, gradient, rates: ratesOf[at]! };
  });
  if (together && smallSlopes) {
    const own = tf.gather(tf.transpose(rates), together.owners(small), 1);
    const [value, first, second] = [joined(values), joined(firsts), joined(seconds)];
    moving.push({ value, first, second, gradient: smallSlopes, rates: own });
  }
  const done = updateAll(moving, constants);
  const moved: tf.Tensor[][] = [];
  large.forEach((at, index) => moved[at] = done[index]!);
  if (together) {
    const parts = done.at(-1)!.map((tensor) => together.split(tensor));
    small.forEach((at, index) => moved[at] = parts.map((tensors) => tensors[index]!));
  }
  const part = (number: number) => moved.map((tensors) => tensors[number]!);
  return { norm, values: part(0), firsts: part(1), seconds: part(2) };
}

/** What AdamW is given of one tensor. */
interface AdamWTensors {
  readonly value: tf.Tensor;
  readonly first: tf.Tensor;
  readonly second: tf.Tensor;
  readonly gradient: tf.Tensor;
  /** stepSize, biasCorrection2 and kept, each a number or one for each of the tensor's. */
  readonly rates: tf.Tensor;
}

const MOVING = ["value", "first", "second", "gradient", "rates"] as const;

const shapesOf = (own: AdamWTensors): string => MOVING.map((part) => own[part].shape.join("x")).join();

/** What is the same for all. */
interface Constants extends Pick<AdamWSettings, "adamBeta1" | "adamBeta2" | "adamEpsilon"> {
  /** A factor on gradients. */
  readonly clip: tf.Scalar;
}

// Numbers that one kernel moves: of smaller tensors several, for a call takes as long as moving 2¹⁷ numbers.
const TOGETHER = 2 ** 20;

/** The new value and moments of each. */
function updateAll(
  all: readonly AdamWTensors[],
  { clip, adamBeta1, adamBeta2, adamEpsilon }: Constants,
): tf.Tensor[][] {
  const moved: tf.Tensor[][] = [];
  for (const alike of Map.groupBy(all.keys(), (at) => shapesOf(all[at]!)).values()) {
    const most = Math.ceil(TOGETHER / all[alike[0]!]!.value.size);
    for (let from = 0; from < alike.length; from += most) {
      const some = alike.slice(from, from + most), count = some.length;
      const update = updateKernel(adamBeta1, adamBeta2, adamEpsilon, count);
      const tensors = update(...MOVING.flatMap((part) => some.map((at) => all[at]![part])), clip);
      some.forEach((at, index) => moved[at] = [0, 1, 2].map((part) => tensors[part * count + index]!));
    }
  }
  return moved;
}

const updateKernel = memoize((adamBeta1: number, adamBeta2: number, adamEpsilon: number, count: number) =>
  kernel((...inputs) => {
    const clip = inputs.pop() as tf.Scalar;
    const moved = Array.from({ length: count }, (_, at) => {
      const own = MOVING.map((part, number) => [part, inputs[number * count + at]] as const);
      return updated(Object.fromEntries(own) as unknown as AdamWTensors, { clip, adamBeta1, adamBeta2, adamEpsilon });
    });
    return [0, 1, 2].flatMap((part) => moved.map((tensors) => tensors[part]!));
  }, { name: "adamW", donate: Array.from({ length: 3 * count }, (_, at) => at) })
);

/**
 * The new value and moments. As PyTorch's: `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
 * `w ← kept·w − stepSize · m / (biasCorrection2·√v + ε)`. That `m` and `v` are worked out twice, once to be kept and once,
 * scaled, for `w`, lets XLA make one loop of all three, which reads and writes each number once.
 */
function updated(
  { value, first, second, gradient, rates }: AdamWTensors,
  { clip, adamBeta1, adamBeta2, adamEpsilon }: Constants,
): tf.Tensor[] {
  const [stepSize, correction, kept] = tf.unstack(rates) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const m = (scale: tf.Tensor) => {
    const slope = tf.mul(gradient, tf.mul(tf.mul(clip, scale), 1 - adamBeta1));
    return tf.add(tf.mul(first, tf.mul(scale, adamBeta1)), slope);
  };
  const v = (scale: tf.Tensor) => {
    const slope = tf.mul(gradient, tf.mul(tf.mul(tf.square(clip), scale), 1 - adamBeta2));
    return tf.add(tf.mul(second, tf.mul(scale, adamBeta2)), tf.mul(gradient, slope));
  };
  const one = tf.scalar(1);
  const step = tf.div(m(stepSize), tf.add(tf.sqrt(v(tf.square(correction))), adamEpsilon));
  return [tf.sub(tf.mul(value, kept), step), m(one), v(one)];
}

const asVector = (tensor: tf.Tensor): tf.Tensor => tensor.rank === 1 ? tensor : tf.reshape(tensor, [-1]);

/** Many small tensors as one vector, and back. */
class FlattenedTensors {
  readonly #shapes: readonly number[][];
  readonly #sizes: readonly number[];

  constructor(like: readonly tf.Tensor[]) {
    this.#shapes = like.map(({ shape }) => shape);
    this.#sizes = like.map(({ size }) => size);
  }

  join(tensors: readonly tf.Tensor[]): tf.Tensor {
    return tensors.length === 1 ? asVector(tensors[0]!) : tf.concat(tensors.map(asVector) as tf.Tensor1D[]);
  }

  split(vector: tf.Tensor): tf.Tensor[] {
    const parts = this.#sizes.length === 1 ? [vector] : tf.split(vector, [...this.#sizes]);
    return parts.map((part, at) => this.#shapes[at]!.length === 1 ? part : tf.reshape(part, this.#shapes[at]!));
  }

  /** For each number of the vector, whose it is: one of `owners`, which stand for the tensors. */
  owners(owners: readonly number[]): tf.Tensor1D {
    const all = new Int32Array(this.#sizes.reduce((sum, size) => sum + size, 0));
    let begin = 0;
    owners.forEach((owner, at) => all.fill(owner, begin, begin += this.#sizes[at]!));
    return tf.tensor1d(all, "int32");
  }
}

/** The factor that brings the global norm down to `maxNorm`, as `torch.nn.utils.clip_grad_norm_`. */
export const clipFactor = (norm: tf.Scalar, maxNorm: number): tf.Scalar =>
  tf.minimum(tf.div(maxNorm, tf.add(norm, 1e-6)), 1);
