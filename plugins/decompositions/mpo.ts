/**
 * Matrix product operators.
 *
 * @module
 */
import {
  type Decomposition,
  type Factorization,
  type FactorizeContext,
  factorsTogether,
  type MatrixShape,
  RequestError,
  type tf,
} from "@opf/framework";
import { contract } from "./_contract.ts";
import { type Layout, modesOf } from "./_modes.ts";
import { type Sweep, sweep } from "./_sweep.ts";

/** Mode lists of one size of matrix: `rows` multiply to its rows, `columns` to its columns. */
export interface Modes {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** Options of {@linkcode mpo}. */
export interface MpoOptions {
  /** Number of local tensors, m. @default 11, the paper's */
  readonly tensors?: number;
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

function plan(shape: MatrixShape, { rows, columns, gauge, bond, tolerance }: Sweep): Factorization {
  const sizes = rows.map((row, k) => row * columns[k]!);
  const product = (numbers: readonly number[]) => numbers.reduce((all, number) => all * number, 1);
  const full = Array.from(
    { length: sizes.length + 1 },
    (_, k) => Math.min(product(sizes.slice(0, k)), product(sizes.slice(k))),
  );
  const bonds = full.map((size) => Math.min(size, bond ?? size));
  const cut = bonds.some((size, k) => size < full[k]!);
  const asking = (matrix: tf.Tensor2D, { report }: FactorizeContext) =>
    sweep(matrix, { rows, columns, gauge, bond, tolerance }, (dropped) => {
      const truncationBound = Math.sqrt(dropped.reduce((sum, e) => sum + e * e, 0));
      if (cut || tolerance > 0) report?.({ truncationBound });
    });
  return {
    shape,
    factorShapes: rows.map((row, k) => [bonds[k]!, row, columns[k]!, bonds[k + 1]!]),
    ...(cut ? { maxRelativeError: 1 } : tolerance > 0 ? { maxRelativeError: tolerance } : {}),
    ...(tolerance > 0 && { adaptiveRank: true }),
    factorize: Object.assign(
      (matrix: tf.Tensor2D, context: FactorizeContext) => factorsTogether([asking(matrix, context)])[0]!,
      { asking },
    ),
    reconstruct: contract,
  };
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
