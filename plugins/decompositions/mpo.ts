/**
 * Matrix product operators.
 *
 * @module
 */
import {
  checkChoice,
  type Decomposition,
  type Factorization,
  type HostTensor,
  type MatrixShape,
  refuseOtherOptions,
  RequestError,
} from "@opf/framework";
import { contract } from "./_contract.ts";
import { type Layout, modesOf } from "./_modes.ts";
import { sweep, type SweepOptions } from "./_sweep.ts";

/** Mode lists for matrices of one shape: the products of `rows` and `columns` are the matrix's rows and columns. */
export interface Modes {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** Options of {@linkcode mpo}. */
export interface MpoOptions {
  /** Number of local tensors, m. @default 11, the paper's */
  readonly tensors?: number;
  /** How the sizes of the matrix are split into modes when `modes` is not given: see {@linkcode Layout}. @default "ends" */
  readonly layout?: Layout;
  /**
   * Mode lists, tried in turn on a matrix and on its transpose; lists of two are padded with ones in the middle. It is an
   * error if none fits. @default derived by `layout`
   */
  readonly modes?: readonly Modes[];
  /** Where singular values go: evenly to both sides of a bond, or all to the last tensor. @default "symmetric" */
  readonly gauge?: "symmetric" | "left";
  /** Largest bond dimension to keep. @default unlimited: the product is exact */
  readonly bond?: number;
  /** Largest relative error (Frobenius) that truncation may cause; bonds shrink as far as it allows. @default 0: exact */
  readonly tolerance?: number;
}

/**
 * Writes a matrix as a matrix product operator, also called TT-matrix or BlockTT (Gao et al. 2023, eqs. 2, 8, 9): local
 * tensors `T(k) [d(k−1), i(k), j(k), d(k)]` with `Π i(k) = rows`, `Π j(k) = columns`, `d(0) = d(m) = 1` and
 *
 *     W[i1…im, j1…jm] = T(1)[i1, j1] · T(2)[i2, j2] · … · T(m)[im, jm]
 *     d(k) = min(Π_{l ≤ k} i(l)·j(l), Π_{l > k} i(l)·j(l))
 *
 * with one singular value decomposition per bond; a tensor whose modes are 1 needs none and starts as the identity. In the
 * symmetric gauge the singular values of a bond are shared evenly between its two tensors; for a zero matrix the first
 * tensors stay orthonormal, so that there is a gradient. Exact to 1e-5. Truncated by `bond` or `tolerance`, the error is at
 * most `√Σ ε(k)²`, where `ε(k)` is what bond `k` drops (eq. 11); this bound is reported as the fact `truncationBound`.
 *
 * @example A small version of the paper's FFN matrix
 * ```ts
 * import { mpo } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const plan = mpo({ tensors: 4 }).plan([48, 12]);
 * assertEquals(plan.factorShapes, [[1, 8, 4, 18], [18, 1, 1, 18], [18, 1, 1, 18], [18, 6, 3, 1]]);
 * ```
 */
export function mpo(options: MpoOptions = {}): Decomposition {
  const { tensors = 11, layout = "ends", modes, gauge = "symmetric", bond, tolerance = 0, ...rest } = options;
  refuseOtherOptions("mpo", rest);
  checkChoice("mpo({ layout })", layout, ["ends", "balanced"]);
  checkChoice("mpo({ gauge })", gauge, ["symmetric", "left"]);
  if (!(Number.isInteger(tensors) && tensors >= 1)) {
    throw new RequestError(`mpo({ tensors: ${tensors} }): expected a positive integer.`);
  }
  if (bond !== undefined && !(Number.isInteger(bond) && bond >= 1)) {
    throw new RequestError(`mpo({ bond: ${bond} }): expected a positive integer.`);
  }
  if (!(tolerance >= 0 && tolerance < 1)) {
    throw new RequestError(`mpo({ tolerance: ${tolerance} }): expected a number in [0, 1).`);
  }
  const modesFor = ([rows, columns]: MatrixShape): Modes =>
    modes ? fittingModes(modes, { rows, columns, tensors }) : {
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

/** For `check-plugin`. */
export const examples: readonly Decomposition[] = [
  mpo({ tensors: 1 }),
  mpo({ tensors: 2, gauge: "left" }),
  mpo({ tensors: 4, layout: "balanced" }),
  mpo({ tensors: 3, bond: 2 }),
  mpo({ tensors: 3, tolerance: 0.3 }),
];

function plan(shape: MatrixShape, { rows, columns, gauge, bond, tolerance }: SweepOptions): Factorization {
  const sizes = rows.map((row, k) => row * columns[k]!);
  const fullBonds = Array.from(
    { length: sizes.length + 1 },
    (_, k) => Math.min(productOf(sizes.slice(0, k)), productOf(sizes.slice(k))),
  );
  const bonds = fullBonds.map((size) => Math.min(size, bond ?? size));
  const isTruncated = bonds.some((size, k) => size < fullBonds[k]!);
  return {
    shape,
    factorShapes: rows.map((row, k) => [bonds[k]!, row, columns[k]!, bonds[k + 1]!]),
    ...(isTruncated ? { maxRelativeError: 1 } : tolerance > 0 ? { maxRelativeError: tolerance } : {}),
    ...(tolerance > 0 && { adaptiveRank: true }),
    factorize: (matrix, { report }) => {
      const onTruncated = (dropped: readonly number[]) => {
        const truncationBound = Math.sqrt(dropped.reduce((sum, error) => sum + error ** 2, 0));
        if (isTruncated || tolerance > 0) report?.({ truncationBound });
      };
      return sweep(matrix, { rows, columns, gauge, bond, tolerance, onTruncated });
    },
    reconstruct: contract,
    element: (factors, index) => elementOf(factors, { index, rows, columns }),
  };
}

// Equation 9: the product over bonds of the tensors' matrices at the modes of a row and a column.
function elementOf(
  factors: readonly HostTensor[],
  { index: [row, column], rows, columns }: Modes & { readonly index: readonly [row: number, column: number] },
): number {
  const rowModes = modeIndices(row, rows), columnModes = modeIndices(column, columns);
  let bond = [1];
  factors.forEach(({ shape: [left, , width, right], values }, k) => {
    const height = rows[k]!;
    const next = Array<number>(right!).fill(0);
    for (let a = 0; a < left!; a++) {
      const offset = ((a * height + rowModes[k]!) * width! + columnModes[k]!) * right!;
      for (let b = 0; b < right!; b++) next[b]! += bond[a]! * values[offset + b]!;
    }
    bond = next;
  });
  return bond[0]!;
}

// The indices of the modes, the first of which varies slowest.
function modeIndices(index: number, modes: readonly number[]): number[] {
  const indices: number[] = [];
  for (const size of modes.toReversed()) {
    indices.unshift(index % size);
    index = Math.floor(index / size);
  }
  return indices;
}

const productOf = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);

/** The mode lists that fit a matrix, or its transpose. */
function fittingModes(
  modes: readonly Modes[],
  { rows, columns, tensors }: { rows: number; columns: number; tensors: number },
): Modes {
  const transposed = modes.map((given) => ({ rows: given.columns, columns: given.rows }));
  const fitting = [...modes, ...transposed].find((given) =>
    productOf(given.rows) === rows && productOf(given.columns) === columns
  );
  if (fitting) return { rows: padded(fitting.rows, tensors), columns: padded(fitting.columns, tensors) };
  throw new RequestError(
    `mpo: expected mode lists for a matrix of ${rows}×${columns}, got ` +
      modes.map((given) => `${given.rows.join("·")} over ${given.columns.join("·")}`).join("; ") + ".",
  );
}

function padded(modes: readonly number[], tensors: number): number[] {
  if (modes.length === tensors) return [...modes];
  if (modes.length === 2 && tensors > 2) return [modes[0]!, ...Array<number>(tensors - 2).fill(1), modes[1]!];
  throw new RequestError(`mpo: expected mode lists of length ${tensors} or 2, got ${modes.join("·")}.`);
}
