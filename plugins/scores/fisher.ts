/**
 * The score that the authors' released code computes.
 *
 * @module
 */
import { type ImportanceScore, refuseOtherOptions, tf } from "@opf/framework";

/** Options of {@linkcode fisher}. */
export interface FisherOptions {
  /** Norm to which each matrix's gradient is clipped before it is squared; `Infinity` disables clipping. @default 1 */
  readonly maxGradNorm?: number;
}

/**
 * The mean squared gradient of a matrix, summed over batches, with each matrix's gradient clipped by its own norm first: what
 * the code released with Gao et al. (2023) computes in place of equations 6 and 7. Clipping bounds the contribution of a batch
 * by `maxGradNorm² / (rows · columns)`. The released code leaves dropout on; here it is off.
 *
 * @example
 * ```ts
 * import { fisher } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(fisher().options, { maxGradNorm: 1 });
 * ```
 */
export function fisher({ maxGradNorm = 1, ...rest }: FisherOptions = {}): ImportanceScore {
  refuseOtherOptions("fisher", rest);
  return {
    name: "fisher",
    options: { maxGradNorm: Number.isFinite(maxGradNorm) ? maxGradNorm : "none" },
    score: async ({ matrices, eachGradient }) => {
      const scores = new Map(matrices.map(({ name }) => [name, 0]));
      await eachGradient((gradients) => {
        for (const { name, shape: [rows, columns] } of matrices) {
          const norm = tf.tidy(() => tf.norm(gradients.get(name)!).dataSync()[0]!);
          scores.set(name, scores.get(name)! + Math.min(norm, maxGradNorm) ** 2 / (rows * columns));
        }
      });
      return scores;
    },
  };
}
