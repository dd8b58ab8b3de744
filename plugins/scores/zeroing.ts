/**
 * What a matrix is worth to a fine-tuned model.
 *
 * @module
 */
import { type ImportanceScore, tf } from "@opf/framework";

/**
 * How much the loss changes when a matrix is zero and its bias stays: `|L(W) − L(W = 0)|` (Gao et al. 2023, eq. 6), exactly,
 * on the model after plain fine-tuning with the run's own settings and seed; a forward pass over the examples a matrix.
 *
 * @example
 * ```ts
 * import { zeroing } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(zeroing().needs, ["fineTunedModel"]);
 * ```
 */
export function zeroing(): ImportanceScore {
  return {
    name: "zeroing",
    options: {},
    needs: ["fineTunedModel"],
    score: async ({ matrices, loss }) => {
      const whole = await loss();
      const scores = new Map<string, number>();
      for (const { name, shape } of matrices) {
        const zeros = tf.zeros([...shape]);
        try {
          scores.set(name, Math.abs(whole - await loss(new Map([[name, zeros]]))));
        } finally {
          zeros.dispose();
        }
      }
      return scores;
    },
  };
}
