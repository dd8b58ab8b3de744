/**
 * Matrix product operators.
 *
 * @module
 */
import { type Decomposition, engine, type Factorization, type MatrixShape, RequestError, tf } from "@opf/framework";
import { contract } from "./_contract.ts";
import { type Layout, modesOf } from "./_modes.ts";

/** Mode lists of one size of matrix: `rows` multiply to its rows, `columns` to its columns. */
export interface Modes {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** Options of {@linkcode mpo}. */
export interface MpoOptions {
  /** Number of local tensors, m. @default 11, the paper's */
  readonly tensors?: number;
  /** In place of `tensors`: for each matrix the number that brings it nearest to `scale` times its size. */
  readonly scale?: number;
  /** How modes are found where none are given: see {@linkcode Layout}. @default "ends" */
  readonly layout?: Layout;
  /**
   * Mode lists, tried in turn on a matrix and on its transpose; lists of two are filled up with ones in the middle. A
   * matrix that none fits is an error. @default found by `layout`
   */
  readonly modes?: readonly Modes[];
  /** Where the singular values go: half to each side of a bond, or all to the last tensor. @default "symmetric" */
  readonly gauge?: "symmetric" | "left";
  /** Largest bond dimension kept. @default all: the product is exact */
  readonly bond?: number;
  /** Largest relative error (Frobenius) that truncation may make: bonds come out smaller. @default 0: exact */
  readonly tolerance?: number;
}

/**
 * Writes a matrix as a matrix product operator, also called TT-matrix or BlockTT (Gao et al. 2023, eqs. 2, 8, 9): local
 * tensors `T(k) [d(k−1), i(k), j(k), d(k)]` with `Π i(k) = rows`, `Π j(k) = columns`, `d(0) = d(m) = 1` and
 *
 *     W[i1…im, j1…jm] = T(1)[i1, j1] · T(2)[i2, j2] · … · T(m)[im, jm]
 *     d(k) = min(Π_{l ≤ k} i(l)·j(l), Π_{l > k} i(l)·j(l))
 *
 * by one singular value decomposition a bond, and none for a tensor whose modes are 1, which begins as the identity.
 * In the symmetric gauge each bond's singular values are shared evenly between its two tensors; those of a zero matrix
 * leave the first tensors orthonormal, so that there is a gradient. Exact to 1e-5; truncated by `bond` or `tolerance` the
 * error is at most √Σ ε(k)², `ε(k)` being what bond `k` drops (eq. 11), and that bound is reported.
 *
 * @example The paper's FFN matrix, small
 * ```ts
 * import { engine, RandomKey } from "@opf/framework";
 * import { mpo } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const plan = mpo({ tensors: 4 }).plan([48, 12]);
 * assertEquals(plan.factorShapes, [[1, 8, 4, 18], [18, 1, 1, 18], [18, 1, 1, 18], [18, 6, 3, 1]]);
 * ```
 */
export function mpo(options: MpoOptions = {}): Decomposition {
  if (options.scale !== undefined) return mpoOfScale(options.scale, options);
  const { tensors = 11, layout = "ends", modes, gauge = "symmetric", bond, tolerance = 0 } = options;
  if (!(Number.isInteger(tensors) && tensors >= 1)) {
    throw new RequestError(`mpo({ tensors: ${tensors} }): wanted a whole number, 1 or more.`);
  }
  if (bond !== undefined && !(Number.isInteger(bond) && bond >= 1)) {
    throw new RequestError(`mpo({ bond: ${bond} }): wanted a whole number, 1 or more.`);
  }
  if (!(tolerance >= 0 && tolerance < 1)) {
    throw new RequestError(`mpo({ tolerance: ${tolerance} }): wanted a number from 0 to below 1.`);
  }
  const modesFor = ([rows, columns]: MatrixShape): Modes =>
    modes ? givenModes(modes, { rows, columns, tensors }) : {
      rows: modesOf(rows, { tensors, layout }),
      columns: modesOf(columns, { tensors, layout }),
    };
  return {
    name: "mpo",
    options: {
      tensors,
      layout,
      ...(modes && { modes: modes.map(({ rows, columns }) => ({ rows: [...rows], columns: [...columns] })) }),
      gauge,
      ...(bond !== undefined && { bond }),
      ...(tolerance > 0 && { tolerance }),
    },
    plan: (shape) => plan(shape, { ...modesFor(shape), gauge, bond, tolerance }),
  };
}

// The number of tensors is found for each shape; what was reached is reported with the matrix.
function mpoOfScale(scale: number, { scale: _, tensors, ...options }: MpoOptions): Decomposition {
  if (tensors !== undefined) throw new RequestError("mpo({ tensors, scale }): wanted one of them.");
  if (!(scale > 0)) throw new RequestError(`mpo({ scale: ${scale} }): wanted a number above 0.`);
  return {
    name: "mpo",
    options: { ...mpo(options).options as object, scale, tensors: "by scale" },
    plan: (shape) => {
      const found = tensorsForScale(scale, { shapes: [shape], ...options });
      const plan = mpo({ ...options, tensors: found.tensors }).plan(shape);
      return {
        ...plan,
        factorize: (matrix, context) => {
          context.report?.({ tensors: found.tensors, scale: found.scale });
          return plan.factorize(matrix, context);
        },
      };
    },
  };
}

/** What {@linkcode tensorsForScale} works on. */
export interface ScaleOptions extends Omit<MpoOptions, "tensors" | "scale"> {
  /** The matrices that are written as operators. */
  readonly shapes: readonly MatrixShape[];
  /** Numbers of the model that stay as they are. @default 0: the scale is that of the matrices alone */
  readonly rest?: number;
}

/**
 * The number of tensors, the same for all matrices, that brings matrices, or a whole model (`rest` being what is not
 * decomposed), nearest to `scale` times their size, counted as the paper counts; and the scale that it reaches.
 *
 * @example BERT-small as published: eight matrices in 28.76 M numbers, 81 M in training
 * ```ts
 * import { tensorsForScale } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const shapes = [...Array(4).fill([2048, 512]), ...Array(4).fill([512, 512])];
 * const modes = [{ rows: [64, 32], columns: [16, 32] }, { rows: [32, 16], columns: [16, 32] }];
 * const rest = 28_764_674 - 4 * 2048 * 512 - 4 * 512 * 512;
 * assertEquals(tensorsForScale(81.2 / 28.76, { shapes, rest, modes }).tensors, 11);
 * ```
 */
export function tensorsForScale(
  scale: number,
  { shapes, rest = 0, ...options }: ScaleOptions,
): { tensors: number; scale: number } {
  const sizeOf = (numbers: readonly number[]) => numbers.reduce((product, number) => product * number, 1);
  const dense = rest + shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  let best = { tensors: 1, scale: 1 };
  for (let tensors = 2; tensors <= MOST_TENSORS; tensors++) {
    const own = mpo({ ...options, tensors });
    const factors = shapes.flatMap((shape) => own.plan(shape).factorShapes).reduce(
      (sum, shape) => sum + sizeOf(shape),
      0,
    );
    const reached = (rest + factors) / dense;
    if (Math.abs(reached - scale) < Math.abs(best.scale - scale)) best = { tensors, scale: reached };
    if (reached > 2 * scale) break;
  }
  return best;
}

const MOST_TENSORS = 100;

interface Plan extends Modes {
  readonly gauge: "symmetric" | "left";
  readonly bond: number | undefined;
  readonly tolerance: number;
}

function plan(shape: MatrixShape, { rows, columns, gauge, bond, tolerance }: Plan): Factorization {
  const sizes = rows.map((row, k) => row * columns[k]!);
  const product = (numbers: readonly number[]) => numbers.reduce((all, number) => all * number, 1);
  const full = Array.from(
    { length: sizes.length + 1 },
    (_, k) => Math.min(product(sizes.slice(0, k)), product(sizes.slice(k))),
  );
  const bonds = full.map((size) => Math.min(size, bond ?? size));
  const cut = bonds.some((size, k) => size < full[k]!);
  return {
    shape,
    factorShapes: rows.map((row, k) => [bonds[k]!, row, columns[k]!, bonds[k + 1]!]),
    ...(cut ? { maxRelativeError: 1 } : tolerance > 0 ? { maxRelativeError: tolerance } : {}),
    ...(tolerance > 0 && { shrinks: true }),
    factorize: (matrix, { report }) => {
      const { tensors, dropped } = sweep(matrix, { rows, columns, gauge, bond, tolerance });
      if (cut || tolerance > 0) report?.({ truncationBound: Math.sqrt(dropped.reduce((sum, e) => sum + e * e, 0)) });
      return tensors;
    },
    reconstruct: contract,
  };
}

/** From left to right: one SVD a bond; `dropped` holds ε(k) of each. */
function sweep(matrix: tf.Tensor2D, { rows, columns, gauge, bond, tolerance }: Plan) {
  const last = rows.length - 1;
  const needed = rows.slice(0, last).filter((row, k) => row * columns[k]! > 1).length;
  const tensors: tf.Tensor[] = [];
  const dropped: number[] = [];
  let rest: tf.Tensor = tf.reshape(matrix, [1, ...matrix.shape]); // [bond, rows, columns] not yet split off
  let weights: tf.Tensor1D = tf.ones([1]); // what the bond's left side was multiplied with
  for (let k = 0; k < last; k++) {
    const [left, restRows, restColumns] = rest.shape as [number, number, number];
    const row = rows[k]!, column = columns[k]!;
    if (row * column === 1) {
      tensors.push(tf.reshape(tf.eye(left), [left, 1, 1, left]));
      continue;
    }
    const nextRows = restRows / row, nextColumns = restColumns / column;
    const split = tf.transpose(tf.reshape(rest, [left, row, nextRows, column, nextColumns]), [0, 1, 3, 2, 4]);
    const unfolded = tf.reshape(split, [left * row * column, nextRows * nextColumns]);
    const { u, s } = engine().svd(unfolded as tf.Tensor2D);
    const { kept, lost } = truncate(s.dataSync() as Float32Array, { bond, tolerance, bonds: needed });
    dropped.push(lost);
    const values = tf.slice1d(s, 0, kept);
    const share: tf.Tensor1D = gauge === "left" ? tf.ones([kept]) : evenShare(values);
    // Left-orthonormal tensor, then the gauge: divided on its left bond, multiplied on its right one.
    const basis = orthonormal(tf.slice2d(u, [0, 0], [-1, kept]));
    const tensor = tf.reshape(basis, [left, row, column, kept]);
    tensors.push(tf.mul(tf.div(tensor, tf.reshape(weights, [left, 1, 1, 1])), share));
    rest = tf.reshape(tf.matMul(basis, unfolded, true, false), [kept, nextRows, nextColumns]);
    weights = share;
  }
  const [left, row, column] = rest.shape as [number, number, number];
  tensors.push(tf.reshape(tf.div(rest, tf.reshape(weights, [left, 1, 1])), [left, row, column, 1]));
  return { tensors, dropped };
}

// One Newton step towards orthonormal columns: an SVD in single precision leaves 1e-6, which would add up over bonds.
function orthonormal(u: tf.Tensor2D): tf.Tensor2D {
  const gram = tf.matMul(u, u, true, false);
  return tf.matMul(u, tf.sub(tf.mul(tf.eye(u.shape[1]), 1.5), tf.mul(gram, 0.5)) as tf.Tensor2D);
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

function givenModes(
  modes: readonly Modes[],
  { rows, columns, tensors }: { rows: number; columns: number; tensors: number },
): Modes {
  const product = (numbers: readonly number[]) => numbers.reduce((all, number) => all * number, 1);
  for (const { rows: own, columns: other } of [...modes, ...modes.map((m) => ({ rows: m.columns, columns: m.rows }))]) {
    if (product(own) === rows && product(other) === columns) {
      return { rows: filled(own, tensors), columns: filled(other, tensors) };
    }
  }
  throw new RequestError(
    `mpo: no mode lists for a matrix of ${rows}×${columns}; given are ` +
      modes.map((m) => `${m.rows.join("·")} over ${m.columns.join("·")}`).join("; ") + ".",
  );
}

function filled(modes: readonly number[], tensors: number): number[] {
  if (modes.length === tensors) return [...modes];
  if (modes.length === 2 && tensors > 2) return [modes[0]!, ...Array<number>(tensors - 2).fill(1), modes[1]!];
  throw new RequestError(`mpo: wanted mode lists of ${tensors} numbers, or of 2, found ${modes.join("·")}.`);
}
