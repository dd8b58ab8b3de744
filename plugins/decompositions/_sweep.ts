/**
 * A matrix made into local tensors, from left to right.
 *
 * @module
 */
import { type Asking, tf } from "@opf/framework";
import { identity } from "./_contract.ts";

/** What one matrix is written as. */
export interface Sweep {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly gauge: "symmetric" | "left";
  /** Largest bond kept. */
  readonly bond: number | undefined;
  /** Largest relative error of all truncations together. */
  readonly tolerance: number;
}

/** One SVD a bond, which is asked for. `told` hears what each of these bonds drops, ε(k). */
export function* sweep(
  matrix: tf.Tensor2D,
  { rows, columns, gauge, bond, tolerance }: Sweep,
  told: (dropped: readonly number[]) => void,
): Asking {
  const last = rows.length - 1;
  const needed = rows.slice(0, last).filter((row, k) => row * columns[k]! > 1).length;
  const tensors: tf.Tensor[] = [];
  const dropped: number[] = [];
  const identities = new Map<number, tf.Tensor>(); // by bond: tensors of one chain share theirs until training moves them
  let rest: tf.Tensor = tf.reshape(matrix, [1, ...matrix.shape]); // [bond, rows, columns] not yet split off
  let weights: tf.Tensor1D = tf.ones([1]); // what the bond's left side was multiplied with
  for (let k = 0; k < last; k++) {
    const [left, restRows, restColumns] = rest.shape as [number, number, number];
    const row = rows[k]!, column = columns[k]!;
    if (row * column === 1) {
      tensors.push(identities.getOrInsertComputed(left, () => identity(left)));
      continue;
    }
    const nextRows = restRows / row, nextColumns = restColumns / column;
    const split = tf.transpose(tf.reshape(rest, [left, row, nextRows, column, nextColumns]), [0, 1, 3, 2, 4]);
    const unfolded = tf.reshape(split, [left * row * column, nextRows * nextColumns]);
    const { u, s } = yield unfolded as tf.Tensor2D;
    const { kept, lost } = truncate(s.dataSync() as Float32Array, { bond, tolerance, bonds: needed });
    dropped.push(lost);
    const values = tf.slice1d(s, 0, kept);
    const share: tf.Tensor1D = gauge === "left" ? tf.ones([kept]) : evenShare(values);
    // Left-orthonormal tensor, then the gauge: divided on its left bond, multiplied on its right one.
    const basis = tf.slice2d(u, [0, 0], [-1, kept]);
    const tensor = tf.reshape(basis, [left, row, column, kept]);
    tensors.push(tf.mul(tf.div(tensor, tf.reshape(weights, [left, 1, 1, 1])), share));
    rest = tf.reshape(tf.matMul(basis, unfolded, true, false), [kept, nextRows, nextColumns]);
    weights = share;
  }
  const [left, row, column] = rest.shape as [number, number, number];
  tensors.push(tf.reshape(tf.div(rest, tf.reshape(weights, [left, 1, 1])), [left, row, column, 1]));
  told(dropped);
  return tensors;
}

// √λ, bounded from below: it is divided out again on the other side of the bond, so the bound changes nothing but keeps
// the quotient finite; of a zero matrix it is 1.
function evenShare(values: tf.Tensor1D): tf.Tensor1D {
  const largest = tf.max(values);
  const floor = tf.where(tf.greater(largest, 0), tf.mul(largest, 1e-6), tf.onesLike(largest));
  return tf.sqrt(tf.maximum(values, floor));
}

/** How many singular values are kept, at least one, and the norm of the others. */
function truncate(
  values: Float32Array,
  { bond = values.length, tolerance, bonds }: { bond: number | undefined; tolerance: number; bonds: number },
): { kept: number; lost: number } {
  const total = values.reduce((sum, value) => sum + value * value, 0);
  const budget = tolerance * tolerance * total / bonds;
  const tail = (from: number) => values.subarray(from).reduce((sum, value) => sum + value * value, 0);
  let kept = Math.min(values.length, bond);
  if (tolerance > 0) { while (kept > 1 && tail(kept - 1) <= budget) kept--; }
  return { kept, lost: Math.sqrt(tail(kept)) };
}
