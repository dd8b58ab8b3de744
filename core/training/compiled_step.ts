/**
 * The computation of a step, compiled once for all weights of one structure.
 *
 * @module
 */
import { type Engine, engine, type Precision, type TensorFunction } from "../backend/engine.ts";
import { sumOverDevices } from "../backend/device_group.ts";
import * as tf from "../backend/tf.ts";
import type { NamedTensors } from "../model/batch.ts";
import { type Architecture, type ForwardContext, type ParameterReader, untied } from "../model/model.ts";
import { Structure } from "../model/structure.ts";
import { adamW, type AdamWSettings } from "./adamw.ts";
import { type BatchFunction, jitWithBatch } from "./batch_function.ts";

/** All that determines the computation. Indices are those of the weights' values. */
export interface StepPlan {
  readonly architecture: Architecture;
  readonly structure: Structure;
  /** Values that are trained. */
  readonly trained: readonly number[];
  /** Indices into `trained`: values that are updated as one, by one row of step sizes and with joined moments. */
  readonly groups: readonly (readonly number[])[];
  /** The trained values, followed by those whose gradients only count in the norm. */
  readonly withGradient: readonly number[];
  /** Indices into `trained` of the matrices whose gradients are accumulated over steps. */
  readonly accumulated: readonly number[];
  /** Whether their absolute values are accumulated. */
  readonly accumulateAbsolute: boolean;
  readonly optimizer: AdamWSettings;
  readonly maxGradNorm: number;
  /** Of the matrix products of losses and gradients; everything else is float32. */
  readonly precision: Precision;
}

/**
 * The functions of a step. Below, `state` is all values, the first and second moments of each group, and the accumulated
 * gradients. A step returns its report, loss and gradient norm `[2]`, the new trained values, their moments and
 * the new accumulated gradients, in the memory of those that it got.
 */
export interface CompiledStep {
  /** A whole step on one batch. Inputs: state, step sizes `[groups, 3]`, dropout key, examples of the step. */
  readonly whole: BatchFunction;
  /** The dense parameters that all values stand for. Inputs: all values. */
  readonly expand: TensorFunction;
  /** Loss and gradients of one of several batches. Inputs: dense parameters, dropout key, examples of the step. */
  readonly gradients: BatchFunction;
  /** The sums of loss and gradients, in the memory of the first. Inputs: those of some batches, those of one more. */
  readonly accumulate: TensorFunction;
  /** A step by given gradients. Inputs: state, step sizes, loss and gradients of the dense parameters. */
  readonly update: TensorFunction;
}

const compiled = new WeakMap<Engine, WeakMap<Architecture, Map<string, CompiledStep>>>();

/** The functions of a step. Plans of the same computation share them, and what is compiled of them. */
export function compiledStep(plan: StepPlan): CompiledStep {
  const ofEngine = compiled.getOrInsertComputed(engine(), () => new WeakMap());
  const bySignature = ofEngine.getOrInsertComputed(plan.architecture, () => new Map());
  const { structure, trained, groups, withGradient, accumulated, accumulateAbsolute } = plan;
  const { optimizer, maxGradNorm, precision } = plan;
  const { adamBeta1, adamBeta2, adamEpsilon } = optimizer;
  const constants = { adamBeta1, adamBeta2, adamEpsilon, maxGradNorm, precision };
  return bySignature.getOrInsertComputed(
    JSON.stringify([structure.signature, trained, groups, withGradient, accumulated, accumulateAbsolute, constants]),
    () => new StepComputation(plan),
  );
}

/** The inputs of an optimizer update, apart from its gradients. */
interface UpdateInputs {
  readonly values: readonly tf.Tensor[];
  readonly firsts: readonly tf.Tensor[];
  readonly seconds: readonly tf.Tensor[];
  readonly sums: readonly tf.Tensor[];
  readonly stepSizes: tf.Tensor2D;
}

class StepComputation implements CompiledStep {
  readonly #plan: StepPlan;
  readonly whole: BatchFunction;
  readonly expand: TensorFunction;
  readonly gradients: BatchFunction;
  readonly accumulate: TensorFunction;
  readonly update: TensorFunction;

  constructor(plan: StepPlan) {
    this.#plan = plan;
    const { structure, architecture, withGradient, trained, groups, accumulated, precision } = plan;
    // Values, moments and accumulated gradients are updated in place; the report precedes them.
    const rest = Array.from({ length: 2 * groups.length + accumulated.length }, (_, index) => structure.size + index);
    const donate = [undefined, ...trained, ...rest];
    this.whole = jitWithBatch((inputs, batch) => {
      const { rest, ...update } = this.#split(inputs);
      const { value, grads } = tf.valueAndGrads((...moving) =>
        this.#loss(structure.reader(replaced(update.values, withGradient, moving)), rest, batch)
      )(withGradient.map((index) => update.values[index]!));
      return this.#update(update, { loss: sumOverDevices(value), grads: grads.map(sumOverDevices) });
    }, { name: "training step", donate, precision });

    // Several batches accumulate gradients of the dense parameters; factors are reconstructed before the first batch, and get
    // their gradients after the last.
    const dense = Structure.dense(architecture);
    const names = untied(architecture.parameters).map(({ name }) => name);
    const parameterOf = structure.parts.flatMap(({ name, tensors }) =>
      Array<number>(tensors).fill(names.indexOf(name))
    );
    const moving = [...new Set(withGradient.map((index) => parameterOf[index]!))];
    this.expand = engine().jit((...values) => names.map(structure.reader(values)), { name: "expansion", split: 0 });
    this.gradients = jitWithBatch((inputs, batch) => {
      const parameters = inputs.splice(0, names.length);
      const { value, grads } = tf.valueAndGrads((...values) =>
        this.#loss(dense.reader(replaced(parameters, moving, values)), inputs, batch)
      )(moving.map((index) => parameters[index]!));
      return [value, ...grads].map(sumOverDevices);
    }, { name: "gradients", precision });
    this.accumulate = engine().jit((...both) => {
      const sums = both.splice(0, both.length / 2);
      return sums.map((sum, index) => tf.add(sum, both[index]!));
    }, { name: "accumulation", donate: [...Array(1 + moving.length).keys()], split: 0 });
    this.update = engine().jit((...inputs) => {
      const { rest: [loss, ...gradients], ...update } = this.#split(inputs);
      const byName = new Map(moving.map((parameter, index) => [names[parameter]!, gradients[index]!]));
      return this.#update(update, { loss: loss!, grads: this.#gradientsOfValues(update.values, byName) });
    }, { name: "update", donate, split: 0 });
  }

  #split(inputs: tf.Tensor[]): UpdateInputs & { readonly rest: tf.Tensor[] } {
    const { structure, groups, accumulated } = this.#plan;
    const take = (count: number) => inputs.splice(0, count);
    const values = take(structure.size);
    const [firsts, seconds] = [take(groups.length), take(groups.length)];
    const sums = take(accumulated.length);
    const [stepSizes] = take(1) as [tf.Tensor2D];
    return { values, firsts, seconds, sums, stepSizes, rest: inputs };
  }

  // All that a step returns.
  #update(
    { values, firsts, seconds, sums, stepSizes }: UpdateInputs,
    { loss, grads }: { readonly loss: tf.Tensor; readonly grads: readonly tf.Tensor[] },
  ): tf.Tensor[] {
    const { trained, groups, accumulated, accumulateAbsolute, optimizer, maxGradNorm } = this.#plan;
    const gradients = grads.slice(0, trained.length), others = grads.slice(trained.length);
    const old = trained.map((index) => values[index]!);
    const grouped = (tensors: readonly tf.Tensor[]) => groups.map((group) => group.map((slot) => tensors[slot]!));
    const updated = adamW(
      { values: grouped(old), firsts, seconds },
      { gradients: grouped(gradients), others, stepSizes },
      { ...optimizer, maxGradNorm },
    );
    const updatedValues = replaced(old, groups.flat(), updated.values.flat());
    const newSums = accumulated.map((slot, index) =>
      tf.add(sums[index]!, accumulateAbsolute ? tf.abs(gradients[slot]!) : gradients[slot]!)
    );
    return [tf.stack([loss, updated.norm]), ...updatedValues, ...updated.firsts, ...updated.seconds, ...newSums];
  }

  // The batch's share of the mean loss over all examples of the step.
  #loss(read: ParameterReader, [key, count]: readonly tf.Tensor[], batch: NamedTensors): tf.Scalar {
    const losses = this.#plan.architecture.losses(read, batch, dropoutFrom(key!));
    return tf.div(tf.sum(tf.mul(losses, batch.exampleMask!)), count!);
  }

  // Gradients of the values by the chain rule: from those of the dense parameters, through each reconstruction.
  #gradientsOfValues(values: readonly tf.Tensor[], gradients: ReadonlyMap<string, tf.Tensor>): tf.Tensor[] {
    const { structure, withGradient } = this.#plan;
    const linearized = (...moving: tf.Tensor[]) => {
      const read = structure.reader(replaced(values, withGradient, moving));
      return tf.addN([...gradients].map(([name, gradient]) => tf.sum(tf.mul(read(name), gradient)) as tf.Scalar));
    };
    return tf.grads(linearized)(withGradient.map((index) => values[index]!));
  }
}

// Masks drawn from the key, each with the next dropout counter.
function dropoutFrom(key: tf.Tensor): ForwardContext {
  let counter = 0;
  return { dropout: (shape, rate) => engine().randomMask(key, shape, { rate, counter: counter++ }) };
}

/** The tensors, with those at `indices` replaced. */
function replaced(
  tensors: readonly tf.Tensor[],
  indices: readonly number[],
  replacements: readonly tf.Tensor[],
): tf.Tensor[] {
  const all = [...tensors];
  indices.forEach((at, index) => all[at] = replacements[index]!);
  return all;
}
