/**
 * The control that every claim needs: the chosen matrices do not move.
 *
 * @module
 */
import { type Decomposition, tf } from "@opf/framework";

/** Options of {@linkcode frozen}. */
export interface FrozenOptions {
  /** Frozen in the form of this decomposition. @default the matrix itself */
  readonly of?: Decomposition;
  /** Gradients count in the global clip, as in the authors' released code. @default false */
  readonly asReleased?: boolean;
}

/**
 * Keeps a matrix at the values that it has when it is chosen. This is what the code released with Gao et al. 2023 does with
 * its factors: they never enter its optimizer, while their gradients enter the clip (`asReleased`, with
 * `of: mpo({ tensors: 15 })`).
 *
 * @example
 * ```ts
 * import { frozen, mpo } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(frozen().plan([4, 6]).factorShapes, [[4, 6]]);
 * assertEquals(frozen({ of: mpo({ tensors: 3 }) }).plan([4, 6]).training?.map(({ frozen }) => frozen), [true, true, true]);
 * ```
 */
export function frozen({ of: inner = whole, asReleased = false }: FrozenOptions = {}): Decomposition {
  return {
    name: "frozen",
    options: { ...(inner !== whole && { of: { name: inner.name, options: inner.options } }), asReleased },
    plan: (shape) => {
      const plan = inner.plan(shape);
      const training = { frozen: true, ...(asReleased && { countsInGradientNorm: true }) };
      return { ...plan, training: plan.factorShapes.map(() => training) };
    },
  };
}

/** The matrix as the only factor of itself. */
export const whole: Decomposition = {
  name: "whole",
  options: {},
  plan: (shape) => ({
    shape,
    factorShapes: [shape],
    factorize: (matrix) => [tf.clone(matrix)],
    reconstruct: ([matrix]) => matrix as tf.Tensor2D,
  }),
};
