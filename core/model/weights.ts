/**
 * The parameters of one model: dense, or as the factors that stand for them.
 *
 * @module
 */
import { KERNEL_SIZE } from "../backend/kernels.ts";
import * as tf from "../backend/tf.ts";
import {
  checkFactors,
  type Decomposition,
  type Factorization,
  type FactorTraining,
  relativeError,
} from "../decomposition.ts";
import { NotFiniteError, unknownName } from "../errors.ts";
import type { Json } from "../json.ts";
import type { RandomKey } from "../random.ts";
import type { Architecture, ParameterInfo } from "./model.ts";
import { Structure } from "./structure.ts";

/** One tensor of a model's weights: a dense parameter, or one factor of a matrix. */
export interface ParameterSlot {
  readonly parameter: ParameterInfo;
  /** Position among the factors of the matrix; absent for a dense parameter. */
  readonly factor?: number;
  readonly training: FactorTraining;
  readonly shape: readonly number[];
}

/** What decomposing one matrix did. */
export interface Conversion {
  readonly name: string;
  /** `‖W − reconstruct(factors)‖ / ‖W‖` */
  readonly error: number;
  /** Elements of the factors. */
  readonly size: number;
  /** What the decomposition reported about this matrix. */
  readonly facts: { readonly [name: string]: Json };
}

interface Entry {
  readonly parameter: ParameterInfo;
  readonly factorization?: Factorization;
  tensors: tf.Tensor[];
}

/**
 * All parameters of a model. A tied parameter has no tensor of its own: it reads that of the parameter it is tied to. Weights
 * own their tensors: {@linkcode dispose} frees them.
 */
export class Weights {
  readonly #entries = new Map<string, Entry>();

  /** Takes over one tensor for each parameter that is not tied. */
  constructor(readonly architecture: Architecture, tensors: ReadonlyMap<string, tf.Tensor>) {
    const { parameters } = architecture;
    for (const parameter of parameters) {
      if (parameter.tiedTo !== undefined) {
        checkTie(parameter, parameters);
        continue;
      }
      const tensor = tensors.get(parameter.name);
      if (!tensor) throw new Error(`The model's parameter "${parameter.name}" has no value.`);
      this.#entries.set(parameter.name, { parameter, tensors: [tf.keep(tensor)] });
    }
  }

  /** Every tensor's place, in the order of {@linkcode values}. */
  get slots(): ParameterSlot[] {
    return [...this.#entries.values()].flatMap(({ parameter, factorization, tensors }) =>
      tensors.map((tensor, index) =>
        factorization
          ? { parameter, factor: index, training: factorization.training?.[index] ?? {}, shape: tensor.shape }
          : { parameter, training: {}, shape: tensor.shape }
      )
    );
  }

  /** The tensors of all {@linkcode slots}. */
  get values(): tf.Tensor[] {
    return [...this.#entries.values()].flatMap(({ tensors }) => tensors);
  }

  /** Replaces all values by new tensors, and frees the old ones. */
  replace(values: readonly tf.Tensor[]): void {
    let index = 0;
    for (const entry of this.#entries.values()) {
      entry.tensors = entry.tensors.map((old) => {
        const next = tf.keep(values[index++]!);
        if (next !== old) old.dispose();
        return next;
      });
    }
  }

  /** Names of the matrices that are factorized. */
  get factorized(): string[] {
    return [...this.#entries].filter(([, { factorization }]) => factorization).map(([name]) => name);
  }

  /** The plan under which a matrix is factorized, or nothing. */
  factorizationOf(name: string): Factorization | undefined {
    return this.#entry(name).factorization;
  }

  /** The factors of a factorized matrix. They stay owned by the weights. */
  factorsOf(name: string): readonly tf.Tensor[] {
    return this.#entry(name).tensors;
  }

  /** Number of elements of all values. */
  get size(): number {
    return this.values.reduce((sum, { size }) => sum + size, 0);
  }

  /** What stands for each parameter now, whatever the weights become later. */
  get structure(): Structure {
    const parts = this.architecture.parameters.map(({ name, tiedTo }) => {
      const { factorization, tensors } = this.#entries.get(name) ?? { tensors: [] };
      return {
        name,
        tensors: tensors.length,
        ...(factorization && { factorization }),
        ...(tiedTo !== undefined && { tiedTo }),
      };
    });
    return new Structure(parts);
  }

  /**
   * Parameters as new dense tensors, each checked to be finite: the caller disposes them. A {@linkcode NotFiniteError} leaves
   * nothing behind.
   *
   * @param names which parameters. Default: all that are not tied, in the model's order
   */
  toDense(names: Iterable<string> = this.#entries.keys()): Map<string, tf.Tensor> {
    const dense = new Map<string, tf.Tensor>();
    try {
      for (const name of names) {
        const { factorization, tensors } = this.#entry(name);
        // A clone, since `reconstruct` may return one of the factors.
        const value = tf.tidy(() => tf.clone(factorization ? factorization.reconstruct(tensors) : tensors[0]!));
        dense.set(name, tf.keep(value));
        checkFinite(value, name);
      }
      return dense;
    } catch (error) {
      tf.dispose([...dense.values()]);
      throw error;
    }
  }

  /**
   * Factorizes dense matrices, all by one decomposition or each by its own. An error leaves all weights as they were: an
   * unknown name, a matrix that is factorized already or not finite, factors whose shapes are not the planned ones or that
   * lose more than the plan allows.
   */
  factorize(
    names: readonly string[],
    { decomposition, key }: { decomposition: Decomposition | ReadonlyMap<string, Decomposition>; key: RandomKey },
  ): Conversion[] {
    const decompositionOf = (name: string) => "plan" in decomposition ? decomposition : decomposition.get(name)!;
    const factorizations: { readonly name: string; readonly plan: Factorization; readonly factors: tf.Tensor[] }[] = [];
    try {
      const conversions = names.map((name): Conversion => {
        const matrix = this.#denseMatrix(name);
        const plan = decompositionOf(name).plan(matrix.shape);
        const facts: Record<string, Json> = {};
        const context = { key: key.fold(name), report: (more: Conversion["facts"]) => void Object.assign(facts, more) };
        const factors = tf.tidy(() => plan.factorize(matrix, context).map((factor) => tf.keep(tf.clone(factor))));
        factorizations.push({ name, plan, factors });
        const what = `${decompositionOf(name).name} of ${name}`;
        checkFactors(plan, factors, what);
        const error = relativeError(plan, { matrix, factors, what });
        return { name, error, size: factors.reduce((sum, { size }) => sum + size, 0), facts };
      });
      for (const { name, plan, factors } of factorizations) this.#setFactors(name, plan, factors);
      return conversions;
    } catch (error) {
      tf.dispose(factorizations.flatMap(({ factors }) => factors));
      throw error;
    }
  }

  /** Replaces a matrix by its saved factors, which it takes over. */
  restoreFactors(
    name: string,
    { decomposition, factors }: { decomposition: Decomposition; factors: tf.Tensor[] },
  ): void {
    const plan = decomposition.plan(this.#entry(name).parameter.shape as [number, number]);
    checkFactors(plan, factors, `${decomposition.name} of ${name}, as saved`);
    this.#setFactors(name, plan, factors);
  }

  dispose(): void {
    tf.dispose(this.values);
  }

  #denseMatrix(name: string): tf.Tensor2D {
    const known = this.architecture.matrices.map((matrix) => matrix.name);
    if (!known.includes(name)) throw unknownName("matrix", name, known);
    const { factorization, tensors } = this.#entry(name);
    if (factorization) throw new Error(`The matrix "${name}" is already factorized.`);
    checkFinite(tensors[0]!, name);
    return tensors[0] as tf.Tensor2D;
  }

  #setFactors(name: string, factorization: Factorization, factors: readonly tf.Tensor[]): void {
    const { parameter, tensors } = this.#entry(name);
    this.#entries.set(name, { parameter, factorization, tensors: factors.map((factor) => tf.keep(factor)) });
    tf.dispose(tensors);
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (!entry) throw unknownName("parameter", name, this.#entries.keys());
    return entry;
  }
}

function checkTie({ name, tiedTo, shape }: ParameterInfo, parameters: readonly ParameterInfo[]): void {
  const owner = parameters.find((parameter) => parameter.name === tiedTo);
  if (!owner || owner.tiedTo !== undefined) {
    throw new Error(`The parameter "${name}" is tied to "${tiedTo}", which is not a parameter of its own.`);
  }
  if (owner.shape.join() !== shape.join()) {
    throw new Error(
      `The parameter "${name}" is [${shape}], expected [${owner.shape}] as "${tiedTo}", which it is tied to.`,
    );
  }
}

function checkFinite(tensor: tf.Tensor, name: string): void {
  // Reading a small tensor takes less time than a program for its shape.
  const isFinite = tensor.size < KERNEL_SIZE
    ? tensor.dataSync().every(Number.isFinite)
    : tf.tidy(() => tf.all(tf.isFinite(tensor)).dataSync()[0]);
  if (!isFinite) throw new NotFiniteError(`The parameter "${name}" has elements that are not finite.`);
}
