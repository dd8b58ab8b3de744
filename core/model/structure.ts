/**
 * How tensors stand for the parameters of a model.
 *
 * @module
 */
import type * as tf from "../backend/tf.ts";
import type { Factorization } from "../decomposition.ts";
import { unknownName } from "../errors.ts";
import type { Architecture, ParameterReader } from "./model.ts";

/** What stands for one parameter. */
export interface StructurePart {
  readonly name: string;
  /** Number of tensors: 1, that of the factors, or 0 for a tied parameter. */
  readonly tensors: number;
  readonly factorization?: Factorization;
  /** The parameter whose tensors this one reads. */
  readonly tiedTo?: string;
}

/** How the tensors of a model stand for its parameters: as they are, as factors, or shared with another parameter. */
export class Structure {
  constructor(readonly parts: readonly StructurePart[]) {}

  /** One tensor for each parameter that is not tied, in the model's order. */
  static dense({ parameters }: Architecture): Structure {
    return new Structure(
      parameters.map(({ name, tiedTo }) => tiedTo === undefined ? { name, tensors: 1 } : { name, tensors: 0, tiedTo }),
    );
  }

  /** Number of tensors. */
  get size(): number {
    return this.parts.reduce((sum, { tensors }) => sum + tensors, 0);
  }

  /** Equal for structures of one model whose readers compute the same, as far as one process can tell. */
  get signature(): string {
    return JSON.stringify(
      this.parts.map(({ tensors, factorization }) => factorization ? [tensors, idOf(factorization)] : 0),
    );
  }

  /**
   * Reads parameters by name from their tensors. Factors are reconstructed at the first read of their matrix and not again,
   * so that a step reconstructs each matrix once.
   */
  reader(tensors: readonly tf.Tensor[]): ParameterReader {
    const readers = new Map<string, () => tf.Tensor>();
    let end = 0;
    for (const { name, tensors: count, factorization } of this.parts) {
      if (count === 0) continue;
      const group = tensors.slice(end, end += count);
      let matrix: tf.Tensor | undefined;
      readers.set(name, factorization ? () => matrix ??= factorization.reconstruct(group) : () => group[0]!);
    }
    for (const { name, tiedTo } of this.parts) {
      if (tiedTo !== undefined) readers.set(name, readers.get(tiedTo)!);
    }
    return (name) => {
      const read = readers.get(name);
      if (!read) throw unknownName("parameter", name, readers.keys());
      return read();
    };
  }
}

// Each way to reconstruct has an id. A `reconstruct` of the plan's own may be shared by several plans; an inherited one may
// read its plan, so that then the plan itself counts.
const ids = new WeakMap<object, number>();
let lastId = 0;
function idOf(factorization: Factorization): number {
  const way = Object.hasOwn(factorization, "reconstruct") ? factorization.reconstruct : factorization;
  return ids.getOrInsertComputed(way, () => ++lastId);
}
