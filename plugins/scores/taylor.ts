/**
 * First-order importance of a matrix.
 *
 * @module
 */
import { type ImportanceScore, tf } from "@opf/framework";

/** Options of {@linkcode taylor}. */
export interface TaylorOptions {
  /** How the products become one number: the size of their sum, or the sum of their sizes. @default "abs-sum" */
  readonly reduce?: "abs-sum" | "sum-abs";
  /**
   * Whose gradients: of a pass over the training examples at the weights reached, dropout off; or those that training
   * itself had since the last round (dropout on, weights on the move, before clipping), which cost nothing more.
   * @default "pass"
   */
  readonly gradients?: "pass" | "training";
}

/**
 * What the loss would change to first order if a matrix were zero: `|Σ ∂L/∂W · W|` (Gao et al. 2023, eq. 7), `L` the
 * mean loss, dropout off. The paper does not say how the elementwise product becomes one number: `reduce: "sum-abs"`
 * sums `|∂L/∂W · W|` instead. In the paper gradients are accumulated in training: `gradients: "training"` takes their mean
 * over the steps since the last round, with the weights that the round finds.
 *
 * @example
 * ```ts
 * import { taylor } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(taylor().options, { reduce: "abs-sum" });
 * ```
 */
export function taylor({ reduce = "abs-sum", gradients: from = "pass" }: TaylorOptions = {}): ImportanceScore {
  const training = from === "training";
  return {
    name: "taylor",
    options: { reduce, ...(training && { gradients: from }) },
    ...(training && { needs: ["trainingGradients"] }),
    score: async (context) => {
      const gradients = await context.gradients();
      return new Map(context.matrices.map(({ name }) => {
        const value = tf.tidy(() => {
          const products = tf.mul(gradients.get(name)!, context.weight(name));
          return tf.abs(tf.sum(reduce === "sum-abs" ? tf.abs(products) : products)).dataSync()[0]!;
        });
        return [name, value];
      }));
    },
  };
}
