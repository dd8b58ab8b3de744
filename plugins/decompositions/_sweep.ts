/**
 * Decomposition of a matrix into local tensors, from left to right.
 *
 * @module
 */
import { engine, tf } from "@opf/framework";
import { evenShare } from "./_even_share.ts";

/** How a matrix is decomposed. */
export interface SweepOptions {
  /** `Π i(k) = rows` */
  readonly rows: readonly number[];
  /** `Π j(k) = columns` */
  readonly columns: readonly number[];
  readonly gauge: "symmetric" | "left";
  /** Largest bond dimension to keep. */
  readonly bond: number | undefined;
  /** Largest relative error of all truncations together. */
  readonly tolerance: number;
  /** Receives what each truncated bond drops, `ε(k)`. */
  readonly onTruncated?: (dropped: readonly number[]) => void;
}

/**
 * The local tensors `[d(k−1), i(k), j(k), d(k)]` of a matrix `[Π i(k), Π j(k)]`: one singular value decomposition for each
 * bond, and an identity for each tensor whose modes are 1 (Gao et al. 2023, algorithm 1).
 */
export function sweep(
  matrix: tf.Tensor2D,
  { rows, columns, gauge, bond, tolerance, onTruncated }: SweepOptions,
): tf.Tensor[] {
  const last = rows.length - 1;
  const bonds = rows.slice(0, last).filter((row, k) => row * columns[k]! > 1).length;
  const tensors: tf.Tensor[] = [];
  const dropped: number[] = [];
  let rest: tf.Tensor = tf.reshape(matrix, [1, ...matrix.shape]); // [bond, rows, columns], not yet split
  let scale: tf.Tensor1D = tf.ones([1]); // what the tensor to the left of the bond was multiplied by
  for (let k = 0; k < last; k++) {
    const [left, restRows, restColumns] = rest.shape as [number, number, number];
    const row = rows[k]!, column = columns[k]!;
    if (row * column === 1) {
      tensors.push(tf.reshape(tf.eye(left), [left, 1, 1, left]));
      continue;
    }
    const nextRows = restRows / row, nextColumns = restColumns / column;
    const split = tf.transpose(tf.reshape(rest, [left, row, nextRows, column, nextColumns]), [0, 1, 3, 2, 4]);
    const unfolded = tf.reshape(split, [left * row * column, nextRows * nextColumns]) as tf.Tensor2D;
    const { u, s } = engine().svd(unfolded);
    const { rank, lost } = truncate(s.dataSync() as Float32Array, { bond, tolerance, bonds });
    dropped.push(lost);
    const nextScale: tf.Tensor1D = gauge === "left" ? tf.ones([rank]) : evenShare(tf.slice1d(s, 0, rank));
    // A left-orthonormal tensor, then the gauge: divided on its left bond, multiplied on its right bond.
    const basis = tf.slice2d(u, [0, 0], [-1, rank]);
    const tensor = tf.reshape(basis, [left, row, column, rank]);
    tensors.push(tf.mul(tf.div(tensor, tf.reshape(scale, [left, 1, 1, 1])), nextScale));
    rest = tf.reshape(tf.matMul(basis, unfolded, true, false), [rank, nextRows, nextColumns]);
    scale = nextScale;
  }
  const [left, row, column] = rest.shape as [number, number, number];
  tensors.push(tf.reshape(tf.div(rest, tf.reshape(scale, [left, 1, 1])), [left, row, column, 1]));
  onTruncated?.(dropped);
  return tensors;
}

/** The number of singular values to keep, at least one, and the norm of the others. */
function truncate(
  values: Float32Array,
  { bond = values.length, tolerance, bonds }: { bond: number | undefined; tolerance: number; bonds: number },
): { rank: number; lost: number } {
  const sumOfSquares = (from: number) => values.subarray(from).reduce((sum, value) => sum + value * value, 0);
  const budget = tolerance * tolerance * sumOfSquares(0) / bonds;
  let rank = Math.min(values.length, bond);
  if (tolerance > 0) { while (rank > 1 && sumOfSquares(rank - 1) <= budget) rank--; }
  return { rank, lost: Math.sqrt(sumOfSquares(rank)) };
}
