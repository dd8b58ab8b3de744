/**
 * How values stand for the parameters of a model.
 *
 * @module
 */
import type { Factorization } from "../decomposition.ts";
import { unknownName } from "../errors.ts";
import type * as tf from "../backend/tf.ts";

interface Part {
  readonly name: string;
  /** Values that stand for the parameter. */
  readonly tensors: number;
  readonly factorization?: Factorization;
}

/** How the values of a model stand for its parameters: as they are, or reconstructed. */
export class Structure {
  constructor(readonly parts: readonly Part[]) {}

  /** Number of values. */
  get size(): number {
    return this.parts.reduce((sum, { tensors }) => sum + tensors, 0);
  }

  /** The same for structures whose readers do the same, as far as one process can tell. */
  get signature(): string {
    return JSON.stringify(
      this.parts.map(({ tensors, factorization }) => factorization ? [tensors, numberOf(factorization)] : 0),
    );
  }

  /** The parameters that `values` stand for, by name, each reconstructed at the first call for it and not again. */
  reader(values: readonly tf.Tensor[]): (name: string) => tf.Tensor {
    const found = new Map<string, () => tf.Tensor>();
    let at = 0;
    for (const { name, tensors, factorization } of this.parts) {
      const own = values.slice(at, at += tensors);
      let merged: tf.Tensor | undefined;
      found.set(name, () => merged ??= factorization ? factorization.reconstruct(own) : own[0]!);
    }
    return (name) => {
      const read = found.get(name);
      if (!read) throw unknownName("parameter", name, found.keys());
      return read();
    };
  }
}

// Ways to reconstruct are told apart by a number each. A function that plans own may be shared by many; one that they
// inherit may look at its plan.
const numbers = new WeakMap<object, number>();
let lastNumber = 0;
function numberOf(factorization: Factorization): number {
  const own = Object.hasOwn(factorization, "reconstruct") ? factorization.reconstruct : factorization;
  const known = numbers.get(own) ?? ++lastNumber;
  numbers.set(own, known);
  return known;
}
