/**
 * AdamW by parameter, not by position: parameters come and go when matrices are decomposed.
 *
 * @module
 */
import { engine, globalNorm } from "../engine.ts";
import { kernel, KERNEL_SIZE, remembered } from "../kernels.ts";
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
  /** `[slots, 3]`: stepSize, secondCorrection, kept. */
  readonly rates: tf.Tensor2D;
}

/**
 * One AdamW update of all slots, and the gradients' global norm before clipping, to be called while compiling. Large tensors
 * each go through a kernel, which writes where they are; the many small ones go through it together, as a vector.
 */
export function adamW(
  state: AdamWState,
  { gradients, others, rates }: AdamWStep,
  { maxGradNorm, adamBeta1, adamBeta2, adamEpsilon }: AdamWSettings & { readonly maxGradNorm: number },
): AdamWState & { readonly norm: tf.Scalar } {
  const large: number[] = [], small: number[] = [];
  state.values.forEach(({ size }, at) => (size < KERNEL_SIZE ? small : large).push(at));
  const { values, firsts, seconds } = state;
  const together = small.length > 0 ? new Joined(small.map((at) => values[at]!)) : undefined;
  const joined = (tensors: readonly tf.Tensor[]) => together!.join(small.map((at) => tensors[at]!));
  const smallSlopes = together && joined(gradients);
  const rows = large.map((at) => adamBeta1 * adamBeta2 > 0 ? engine().rows?.of(gradients[at]!) : undefined);
  const norm = globalNorm([
    ...large.map((at, index) => rows[index]?.values ?? gradients[at]!),
    ...smallSlopes ? [smallSlopes] : [],
    ...others,
  ]);
  const clip = clipFactor(norm, maxGradNorm);
  const update = updateKernel(adamBeta1, adamBeta2, adamEpsilon);
  const moved: tf.Tensor[][] = [];
  const ratesOf = tf.unstack(rates);
  large.forEach((at, index) => {
    let [first, second, gradient] = [firsts[at]!, seconds[at]!, gradients[at]!];
    const few = rows[index];
    if (few) {
      const add = (table: tf.Tensor, addend: tf.Tensor) => addRows(table, addend, few.ids)[0]!;
      const slopes = tf.mul(few.values, clip);
      first = add(first, tf.mul(slopes, (1 - adamBeta1) / adamBeta1));
      second = add(second, tf.mul(tf.square(slopes), (1 - adamBeta2) / adamBeta2));
      gradient = tf.scalar(0);
    }
    moved[at] = update(values[at]!, first, second, gradient, clip, ratesOf[at]!);
  });
  if (together && smallSlopes) {
    const sizes = tf.gather(tf.transpose(rates), together.owners(small), 1);
    const parts = update(joined(values), joined(firsts), joined(seconds), smallSlopes, clip, sizes)
      .map((tensor) => together.split(tensor));
    small.forEach((at, index) => moved[at] = parts.map((tensors) => tensors[index]!));
  }
  const part = (number: number) => moved.map((tensors) => tensors[number]!);
  return { norm, values: part(0), firsts: part(1), seconds: part(2) };
}

/**
 * Arguments value, first moment, second moment, gradient, clip (a factor on the gradient), and rates: stepSize,
 * secondCorrection and kept, each a number, or one for each of the value's. Gives the new value and moments. As PyTorch's:
 * `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `w ← kept·w − stepSize · m / (secondCorrection·√v + ε)`. That `m` and `v` are
 * worked out twice, once to be kept and once, scaled, for `w`, lets XLA make one loop of all three, which reads and writes
 * each number once.
 */
const updateKernel = remembered((adamBeta1: number, adamBeta2: number, adamEpsilon: number) =>
  kernel((value, first, second, gradient, clip, rates) => {
    const [stepSize, correction, kept] = tf.unstack(rates!);
    const m = (scale: tf.Tensor) => {
      const slope = tf.mul(gradient!, tf.mul(tf.mul(clip!, scale), 1 - adamBeta1));
      return tf.add(tf.mul(first!, tf.mul(scale, adamBeta1)), slope);
    };
    const v = (scale: tf.Tensor) => {
      const slope = tf.mul(gradient!, tf.mul(tf.mul(tf.square(clip!), scale), 1 - adamBeta2));
      return tf.add(tf.mul(second!, tf.mul(scale, adamBeta2)), tf.mul(gradient!, slope));
    };
    const one = tf.scalar(1);
    const step = tf.div(m(stepSize!), tf.add(tf.sqrt(v(tf.square(correction!))), adamEpsilon));
    return [tf.sub(tf.mul(value!, kept!), step), m(one), v(one)];
  }, { name: "adamW", replaces: [0, 1, 2] })
);

// What rows of the gradient add to a moment is added before the moment fades, more by as much.
const addRows = kernel((table, values, ids) => [
  engine().rows!.add(table!, { values: values as tf.Tensor2D, ids: ids as tf.Tensor1D }),
], { name: "add_rows", replaces: [0] });

const asVector = (tensor: tf.Tensor): tf.Tensor => tensor.rank === 1 ? tensor : tf.reshape(tensor, [-1]);

/** Many small tensors as one vector, and back. */
class Joined {
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
