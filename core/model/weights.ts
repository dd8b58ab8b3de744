/**
 * The named parameters of one model: dense, or as the factors that stand for them.
 *
 * @module
 */
import type { Decomposition, Factorization, FactorTraining } from "../decomposition.ts";
import { checkFactors, relativeError } from "../decomposition.ts";
import { unknownName } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Architecture, ParameterInfo } from "./model.ts";
import type { RandomKey } from "../random.ts";
import { Structure } from "./structure.ts";
import * as tf from "../backend/tf.ts";

/** One tensor that training may move: a dense parameter, or one factor of a matrix. */
export interface ParameterSlot {
  readonly parameter: ParameterInfo;
  /** Position among the factors of the matrix; absent for a dense parameter. */
  readonly factor?: number;
  readonly training: FactorTraining;
  readonly shape: readonly number[];
}

interface Entry {
  readonly parameter: ParameterInfo;
  readonly factorization?: Factorization;
  tensors: tf.Tensor[];
}

/** What decomposing one matrix did. */
export interface Conversion {
  readonly name: string;
  /** `‖W − reconstruct(factors)‖ / ‖W‖` */
  readonly error: number;
  /** Numbers in the factors. */
  readonly size: number;
  /** What the decomposition said of this matrix. */
  readonly facts: { readonly [name: string]: Json };
}

/** All parameters of a model. It owns its tensors: {@linkcode dispose} frees them. */
export class Weights {
  readonly #entries: Map<string, Entry>;

  /** Takes over one tensor for each of the model's parameters. */
  constructor(readonly architecture: Architecture, tensors: ReadonlyMap<string, tf.Tensor>) {
    this.#entries = new Map(architecture.parameters.map((parameter) => {
      const tensor = tensors.get(parameter.name);
      if (!tensor) throw new Error(`The model's parameter "${parameter.name}" has no value.`);
      return [parameter.name, { parameter, tensors: [tf.keep(tensor)] }];
    }));
  }

  /** Every tensor by its place, in the order of {@linkcode values}. */
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

  /** Puts new tensors in the place of all values, and frees the old ones. */
  replace(values: readonly tf.Tensor[]): void {
    let at = 0;
    for (const entry of this.#entries.values()) {
      entry.tensors = entry.tensors.map((old) => {
        const next = tf.keep(values[at++]!);
        if (next !== old) old.dispose();
        return next;
      });
    }
  }

  /** Names of the matrices that are factorised. */
  get factorized(): string[] {
    return [...this.#entries].filter(([, entry]) => entry.factorization).map(([name]) => name);
  }

  /** The plan under which a matrix is factorised, or nothing. */
  factorizationOf(name: string): Factorization | undefined {
    return this.#entry(name).factorization;
  }

  /** Number of numbers held. */
  get size(): number {
    return this.slots.reduce((sum, { shape }) => sum + tf.util.sizeFromShape([...shape]), 0);
  }

  /**
   * The parameters that `values` stand for, by name: factors are reconstructed at the first call for their matrix and
   * not again, so that a step reconstructs each matrix once.
   */
  reader(values: readonly tf.Tensor[]): (name: string) => tf.Tensor {
    return this.structure.reader(values);
  }

  /** What stands for each parameter now, whatever the weights become later. */
  get structure(): Structure {
    return new Structure(
      [...this.#entries.values()].map(({ parameter: { name }, factorization, tensors }) => ({
        name,
        tensors: tensors.length,
        ...(factorization && { factorization }),
      })),
    );
  }

  /** All parameters as dense tensors, new ones: the caller disposes them. */
  merged(): Map<string, tf.Tensor> {
    return new Map([...this.#entries.keys()].map((name) => [name, this.mergedValue(name)]));
  }

  /** One parameter as a dense tensor, a new one. */
  mergedValue(name: string): tf.Tensor {
    const { factorization, tensors } = this.#entry(name);
    // A clone: a reconstruction may be a factor itself.
    return tf.tidy(() => tf.clone(factorization ? factorization.reconstruct(tensors) : tensors[0]!));
  }

  /** {@linkcode factorizeAll} of one matrix. */
  factorize(name: string, options: { decomposition: Decomposition; key: RandomKey }): Conversion {
    return this.factorizeAll([name], options)[0]!;
  }

  /**
   * Writes dense matrices as factors. Errors leave all as they were: a name that is not the model's, a matrix with
   * entries that are not finite, factors that are not as planned or that lose more than the plan says.
   */
  factorizeAll(
    names: readonly string[],
    { decomposition, key }: { decomposition: Decomposition; key: RandomKey },
  ): Conversion[] {
    const known = this.architecture.matrices.map((matrix) => matrix.name);
    const asked = names.map((name): ExperimentManifest => {
      if (!known.includes(name)) throw unknownName("matrix", name, known);
      const { factorization, tensors } = this.#entry(name);
      if (factorization) throw new Error(`The matrix "${name}" is factorised already.`);
      const matrix = tensors[0] as tf.Tensor2D;
      checkFinite(matrix, name);
      return { name, matrix, plan: decomposition.plan(matrix.shape), key: key.fold(name), facts: {} };
    });
    const made: tf.Tensor[][] = [];
    try {
      for (const one of asked) made.push(factorsOf(one));
      const found = asked.map(({ name, matrix, plan, facts }, at): Conversion => {
        const factors = made[at]!;
        const what = `${decomposition.name} of ${name}`;
        checkFactors(plan, factors, what);
        const error = relativeError(plan, { matrix, factors, what });
        return { name, error, size: factors.reduce((sum, { size }) => sum + size, 0), facts };
      });
      asked.forEach(({ name, matrix, plan: factorization }, at) => {
        this.#entries.set(name, { parameter: this.#entry(name).parameter, factorization, tensors: made[at]! });
        matrix.dispose();
      });
      return found;
    } catch (error) {
      tf.dispose(made.flat());
      throw error;
    }
  }

  /** Puts the factors of a matrix, as saved, in its place. */
  restoreFactors(
    name: string,
    { decomposition, factors }: { decomposition: Decomposition; factors: tf.Tensor[] },
  ): void {
    const entry = this.#entry(name);
    const factorization = decomposition.plan(entry.parameter.shape as [number, number]);
    checkFactors(factorization, factors, `${decomposition.name} of ${name}, as saved`);
    entry.tensors.forEach((tensor) => tensor.dispose());
    this.#entries.set(name, { parameter: entry.parameter, factorization, tensors: factors.map((f) => tf.keep(f)) });
  }

  /** Contracts all factors back into dense matrices; merging what is dense already changes nothing. */
  merge(): void {
    const merged = this.factorized.map((name) => [name, this.mergedValue(name)] as const);
    try {
      for (const [name, matrix] of merged) checkFinite(matrix, name);
    } catch (error) {
      merged.forEach(([, matrix]) => matrix.dispose());
      throw error;
    }
    for (const [name, matrix] of merged) {
      const { parameter, tensors } = this.#entry(name);
      tensors.forEach((tensor) => tensor.dispose());
      this.#entries.set(name, { parameter, tensors: [tf.keep(matrix)] });
    }
  }

  dispose(): void {
    this.values.forEach((tensor) => tensor.dispose());
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (!entry) throw unknownName("parameter", name, this.#entries.keys());
    return entry;
  }
}

interface ExperimentManifest {
  readonly name: string;
  readonly matrix: tf.Tensor2D;
  readonly plan: Factorization;
  readonly key: RandomKey;
  facts: Conversion["facts"];
}

function factorsOf(asked: ExperimentManifest): tf.Tensor[] {
  const { matrix, key, plan } = asked;
  const report = (more: Conversion["facts"]) => void (asked.facts = { ...asked.facts, ...more });
  return tf.tidy(() => plan.factorize(matrix, { key, report }).map((factor) => tf.keep(tf.clone(factor))));
}

function checkFinite(matrix: tf.Tensor, name: string): void {
  const finite = tf.tidy(() => tf.all(tf.isFinite(matrix)).dataSync()[0]);
  if (!finite) {
    throw new Error(`The matrix "${name}" has entries that are not finite; the weights are left as they were.`);
  }
}
