/**
 * Low-rank adaptation.
 *
 * @module
 */
import { type Decomposition, type Factorization, type RandomKey, RequestError, tf } from "@opf/framework";

/** Options of {@linkcode lora}. */
export interface LoraOptions {
  /** @default 8 */
  readonly rank?: number;
  /** The update is scaled by `alpha / rank`. @default the rank */
  readonly alpha?: number;
}

/**
 * LoRA (Hu et al. 2022): the matrix is frozen, and a product of rank r is learnt beside it,
 *
 *     W [rows, columns] = W₀ + alpha/r · B [rows, r] · A [r, columns]
 *
 * A begins with uniform numbers between −1/√columns and 1/√columns, as a linear layer of PyTorch does, B with zeros, so that
 * nothing changes at first. All other parameters but the new head are frozen.
 *
 * @example
 * ```ts
 * import { lora } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const plan = lora({ rank: 2 }).plan([6, 4]);
 * assertEquals(plan.factorShapes, [[6, 4], [6, 2], [2, 4]]);
 * assertEquals(plan.training![0], { frozen: true });
 * ```
 */
export function lora({ rank = 8, alpha = rank }: LoraOptions = {}): Decomposition {
  return {
    name: "lora",
    options: { rank, alpha },
    trainOtherParameters: false,
    plan: (shape) => lowRank(shape, { rank, alpha }),
  };
}

/** The plan of {@linkcode lora} for one shape; the rank is at most the matrix's smaller side. */
export function lowRank(
  [rows, columns]: Factorization["shape"],
  { rank, alpha }: Required<LoraOptions>,
): Factorization {
  if (!(Number.isInteger(rank) && rank >= 1)) {
    throw new RequestError(`lora({ rank: ${rank} }): wanted a whole number, 1 or more.`);
  }
  const r = Math.min(rank, rows, columns);
  return {
    shape: [rows, columns],
    factorShapes: [[rows, columns], [rows, r], [r, columns]],
    training: [{ frozen: true }, {}, {}],
    factorize: (matrix, { key }) => [tf.clone(matrix), tf.zeros([rows, r]), uniform([r, columns], key)],
    reconstruct: ([base, b, a]) =>
      tf.add(base!, tf.mul(tf.matMul(b as tf.Tensor2D, a as tf.Tensor2D), alpha / rank)) as tf.Tensor2D,
  };
}

function uniform([rows, columns]: readonly [number, number], key: RandomKey): tf.Tensor2D {
  const values = key.fold("A").uniforms(rows * columns).map((value) => (2 * value - 1) / Math.sqrt(columns));
  return tf.tensor2d(values, [rows, columns]);
}
