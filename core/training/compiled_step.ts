/**
 * What a step computes, as functions of tensors alone: compiled once for all weights of one structure.
 *
 * @module
 */
import { type Engine, engine, type TensorFunction } from "../backend/engine.ts";
import type { NamedTensors } from "../model/batch.ts";
import { type Architecture, type ForwardContext, type ParameterReader, untied } from "../model/model.ts";
import * as tf from "../backend/tf.ts";
import { Structure } from "../model/structure.ts";
import { adamW, type AdamWSettings } from "./adamw.ts";
import { type BatchFunction, jitWithBatch } from "./batch_function.ts";

/** All that decides what is computed. Positions are those of the weights' values. */
export interface StepPlan {
  readonly architecture: Architecture;
  readonly structure: Structure;
  /** Values that are trained. */
  readonly trained: readonly number[];
  /** The same, then those whose gradients only count in the norm. */
  readonly sloped: readonly number[];
  /** Places in `trained` of the matrices whose gradients are summed over steps. */
  readonly summed: readonly number[];
  readonly optimizer: AdamWSettings;
  readonly maxGradNorm: number;
}

/**
 * Functions of a step. `state` below is all values, first and second moments of the trained, sums of gradients; a step gives
 * loss, gradient norm, trained values, their moments, sums, in place of those that it was given.
 */
export interface CompiledStep {
  /** Arguments state, rates `[trained, 3]`, dropout key, examples of the whole step, and a batch: a whole step on it. */
  readonly whole: BatchFunction;
  /** Arguments all values: the dense parameters that they stand for. */
  readonly expand: TensorFunction;
  /** Arguments dense parameters, dropout key, examples of the whole step, and a batch: its loss and gradients. */
  readonly gradients: BatchFunction;
  /** Arguments state, rates, loss and gradients of dense parameters: a step by them. */
  readonly update: TensorFunction;
}

const compiled = new WeakMap<Engine, WeakMap<Architecture, Map<string, CompiledStep>>>();

/** The functions of a step; plans that compute the same share them, and so what is compiled of them. */
export function compiledStep(plan: StepPlan): CompiledStep {
  const ofEngine = compiled.getOrInsertComputed(engine(), () => new WeakMap());
  const known = ofEngine.getOrInsertComputed(plan.architecture, () => new Map());
  const { structure, trained, sloped, summed, optimizer, maxGradNorm } = plan;
  const { adamBeta1, adamBeta2, adamEpsilon } = optimizer;
  const own = { adamBeta1, adamBeta2, adamEpsilon, maxGradNorm };
  return known.getOrInsertComputed(
    JSON.stringify([structure.signature, trained, sloped, summed, own]),
    () => new Computation(plan),
  );
}

class Computation implements CompiledStep {
  readonly #plan: StepPlan;
  readonly whole: BatchFunction;
  readonly expand: TensorFunction;
  readonly gradients: BatchFunction;
  readonly update: TensorFunction;

  constructor(plan: StepPlan) {
    this.#plan = plan;
    const { structure, architecture, sloped, trained, summed } = plan;
    // What a step moves is written where it was; loss and norm come before it.
    const moments = Array.from({ length: 2 * trained.length + summed.length }, (_, at) => structure.size + at);
    const donate = [undefined, undefined, ...trained, ...moments];
    this.whole = jitWithBatch((inputs, batch) => {
      const { values, rest, ...given } = this.#split(inputs);
      const { value, grads } = tf.valueAndGrads((...moving) =>
        this.#loss(structure.reader(replaced(values, sloped, moving)), rest, batch)
      )(sloped.map((at) => values[at]!));
      return [value, ...this.#moved({ values, ...given }, grads)];
    }, { name: "training step", donate });
    // Gradients of several batches are summed by parameter; factors come in before the first and after the last.
    const dense = Structure.dense(architecture);
    const names = untied(architecture.parameters).map(({ name }) => name);
    const parts = structure.parts.flatMap(({ name, tensors }) => Array<number>(tensors).fill(names.indexOf(name)));
    const moving = [...new Set(sloped.map((at) => parts[at]!))];
    this.expand = engine().jit((...values) => names.map(structure.reader(values)), { name: "expansion" });
    this.gradients = jitWithBatch((inputs, batch) => {
      const parameters = inputs.splice(0, names.length);
      const { value, grads } = tf.valueAndGrads((...slopes) => {
        return this.#loss(dense.reader(replaced(parameters, moving, slopes)), inputs, batch);
      })(moving.map((at) => parameters[at]!));
      return [value, ...grads];
    }, { name: "gradients" });
    this.update = engine().jit((...inputs) => {
      const { rest: [loss, ...slopes], ...given } = this.#split(inputs);
      const slopeOf = new Map(moving.map((at, index) => [names[at]!, slopes[index]!]));
      return [loss!, ...this.#moved(given, this.#slopesOfFactors(given.values, slopeOf))];
    }, { name: "update", donate });
  }

  #split(inputs: tf.Tensor[]) {
    const { structure, trained, summed } = this.#plan;
    const take = (count: number) => inputs.splice(0, count);
    const values = take(structure.size);
    const [firsts, seconds] = [take(trained.length), take(trained.length)];
    const sums = take(summed.length);
    const [rates] = take(1) as [tf.Tensor2D];
    return { values, firsts, seconds, sums, rates, rest: inputs };
  }

  // What a step gives but for its loss.
  #moved({ values, firsts, seconds, sums, rates }: {
    readonly values: readonly tf.Tensor[];
    readonly firsts: readonly tf.Tensor[];
    readonly seconds: readonly tf.Tensor[];
    readonly sums: readonly tf.Tensor[];
    readonly rates: tf.Tensor2D;
  }, slopes: readonly tf.Tensor[]): tf.Tensor[] {
    const { trained, summed, optimizer, maxGradNorm } = this.#plan;
    const gradients = slopes.slice(0, trained.length), others = slopes.slice(trained.length);
    const state = { values: trained.map((at) => values[at]!), firsts, seconds };
    const moved = adamW(state, { gradients, others, stepSizes: rates }, { ...optimizer, maxGradNorm });
    const added = summed.map((at, index) => tf.add(sums[index]!, gradients[at]!));
    return [moved.norm, ...moved.values, ...moved.firsts, ...moved.seconds, ...added];
  }

  // The sum of the batch's losses as a share of the step's: its mean over all examples of the step.
  #loss(read: ParameterReader, [key, count]: readonly tf.Tensor[], batch: NamedTensors): tf.Scalar {
    const losses = this.#plan.architecture.losses(read, batch, dropoutBy(key!));
    return tf.div(tf.sum(tf.mul(losses, batch.exampleMask!)), count!);
  }

  // Gradients of all values that have one from those of the dense parameters, through each reconstruction.
  #slopesOfFactors(values: readonly tf.Tensor[], slopeOf: ReadonlyMap<string, tf.Tensor>): tf.Tensor[] {
    const { structure, sloped } = this.#plan;
    const dense = (...moving: tf.Tensor[]) => {
      const read = structure.reader(replaced(values, sloped, moving));
      return tf.addN([...slopeOf].map(([name, slope]) => tf.sum(tf.mul(read(name), slope)) as tf.Scalar));
    };
    return tf.grads(dense)(sloped.map((at) => values[at]!));
  }
}

// Masks from the key, each with the next counter.
function dropoutBy(key: tf.Tensor): ForwardContext {
  let counter = 0;
  return { dropout: (shape, rate) => engine().randomMask(key, shape, { rate, counter: counter++ }) };
}

/** The tensors with others in some places. */
function replaced(tensors: readonly tf.Tensor[], places: readonly number[], others: readonly tf.Tensor[]): tf.Tensor[] {
  const all = [...tensors];
  places.forEach((at, index) => all[at] = others[index]!);
  return all;
}
