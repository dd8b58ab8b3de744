/**
 * The paper's baseline: two factors from a singular value decomposition.
 *
 * @module
 */
import { checkChoice, type Decomposition, refuseOtherOptions } from "@opf/framework";
import { mpo, type MpoOptions } from "./mpo.ts";

/** Options of {@linkcode svd}. */
export interface SvdOptions extends Pick<MpoOptions, "gauge" | "bond" | "tolerance"> {
  /**
   * `"matrix"`: factors `[rows, k]` and `[k, columns]` of the matrix itself. `"paper"`: factors of the matrix rearranged by
   * the paper's mode lists, which are larger (Gao et al. 2023, tables 4 to 6, m = 2).
   * @default "matrix"
   */
  readonly layout?: "matrix" | "paper";
}

/**
 * Writes a matrix as the product of two factors: a matrix product operator of two tensors, either with modes (rows, 1) and
 * (1, columns), so that the bond is `k = min(rows, columns)`, or with the paper's mode lists.
 *
 * @example
 * ```ts
 * import { svd } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(svd().plan([12, 6]).factorShapes, [[1, 12, 1, 6], [6, 1, 6, 1]]);
 * assertEquals(svd({ layout: "paper" }).plan([12, 6]).factorShapes, [[1, 4, 3, 6], [6, 3, 2, 1]]);
 * ```
 */
export function svd({ layout = "matrix", ...options }: SvdOptions = {}): Decomposition {
  const { gauge: _gauge, bond: _bond, tolerance: _tolerance, ...rest } = options;
  refuseOtherOptions("svd", rest);
  checkChoice("svd({ layout })", layout, ["matrix", "paper"]);
  return {
    name: "svd",
    options: { layout, ...options },
    plan: ([rows, columns]) => {
      const modes = layout === "matrix" ? { modes: [{ rows: [rows, 1], columns: [1, columns] }] } : {};
      return mpo({ ...options, ...modes, tensors: 2 }).plan([rows, columns]);
    },
  };
}

/** For `check-plugin`. */
export const examples: readonly Decomposition[] = [svd({ layout: "paper" })];
