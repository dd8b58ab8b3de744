/**
 * Sums of Kronecker products.
 *
 * @module
 */
import { type Decomposition, engine, refuseOtherOptions, RequestError, tf } from "@opf/framework";
import { evenShare } from "./_even_share.ts";
import { modesOf } from "./_modes.ts";

/** Options of {@linkcode kronecker}. */
export interface KroneckerOptions {
  /** Number of products. @default as many as an exact sum needs */
  readonly terms?: number;
}

/**
 * Writes a matrix as a sum of Kronecker products, with `rows = r₁·r₂` and `columns = c₁·c₂` split as near to their square
 * roots as possible,
 *
 *     W = Σ_k A[k] ⊗ B[k],   A [terms, r₁, c₁],  B [terms, r₂, c₂]
 *
 * the best such sum (Van Loan & Pitsianis 1993): the singular value decomposition of the matrix rearranged to
 * `[r₁·c₁, r₂·c₂]`, with its values shared evenly. Exact with `min(r₁·c₁, r₂·c₂)` terms.
 *
 * @example
 * ```ts
 * import { kronecker } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(kronecker().plan([6, 4]).factorShapes, [[4, 3, 2], [4, 2, 2]]);
 * ```
 */
export function kronecker({ terms, ...rest }: KroneckerOptions = {}): Decomposition {
  refuseOtherOptions("kronecker", rest);
  if (terms !== undefined && !(Number.isInteger(terms) && terms >= 1)) {
    throw new RequestError(`kronecker({ terms: ${terms} }): expected a positive integer.`);
  }
  return {
    name: "kronecker",
    options: { ...(terms !== undefined && { terms }) },
    plan: ([rows, columns]) => {
      const [r1, r2] = modesOf(rows, { tensors: 2, layout: "ends" }) as [number, number];
      const [c1, c2] = modesOf(columns, { tensors: 2, layout: "ends" }) as [number, number];
      const exact = Math.min(r1 * c1, r2 * c2), count = Math.min(terms ?? exact, exact);
      return {
        shape: [rows, columns],
        factorShapes: [[count, r1, c1], [count, r2, c2]],
        ...(count < exact && { maxRelativeError: 1 }),
        factorize: (matrix) => {
          const rearranged = tf.reshape(
            tf.transpose(tf.reshape(matrix, [r1, r2, c1, c2]), [0, 2, 1, 3]),
            [r1 * c1, r2 * c2],
          ) as tf.Tensor2D;
          const { u, s } = engine().svd(rearranged);
          const basis = tf.slice2d(u, [0, 0], [-1, count]) as tf.Tensor2D;
          const values = tf.slice1d(s, 0, count);
          const share = evenShare(values);
          const right = tf.div(tf.matMul(basis, rearranged, true, false), tf.expandDims(share, 1));
          return [
            tf.reshape(tf.transpose(tf.mul(basis, share)), [count, r1, c1]),
            tf.reshape(right, [count, r2, c2]),
          ];
        },
        reconstruct: ([a, b]) => {
          const flat = tf.matMul(tf.reshape(a!, [count, r1 * c1]), tf.reshape(b!, [count, r2 * c2]), true, false);
          return tf.reshape(tf.transpose(tf.reshape(flat, [r1, c1, r2, c2]), [0, 2, 1, 3]), [
            rows,
            columns,
          ]) as tf.Tensor2D;
        },
      };
    },
  };
}

/** For `check-plugin`. */
export const examples: readonly Decomposition[] = [kronecker({ terms: 2 })];
