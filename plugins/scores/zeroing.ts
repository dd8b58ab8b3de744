/**
 * The change in loss when a matrix is zeroed.
 *
 * @module
 */
import { type ImportanceScore, tf } from "@opf/framework";

/**
 * The exact change in loss when a matrix is set to zero and its bias is kept, `|L(W) − L(W = 0)|` (Gao et al. 2023, eq. 6), on the
 * model after plain fine-tuning with the settings and seed of the run. Costs one forward pass over the examples per matrix.
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
      const baseline = await loss();
      const scores = new Map<string, number>();
      for (const { name, shape } of matrices) {
        const zeros = tf.zeros([...shape]);
        try {
          scores.set(name, Math.abs(baseline - await loss(new Map([[name, zeros]]))));
        } finally {
          zeros.dispose();
        }
      }
      return scores;
    },
  };
}
