/**
 * The score of the authors' released code.
 *
 * @module
 */
import { type ImportanceScore, tf } from "@opf/framework";

/** Options of {@linkcode fisher}. */
export interface FisherOptions {
  /** Norm that each matrix's own gradient is clipped to before it is squared; `Infinity`: none. @default 1 */
  readonly maxGradNorm?: number;
}

/**
 * The sum over batches of the mean squared gradient, each matrix's gradient clipped to a norm by itself first: what the code
 * released with Gao et al. 2023 computes in place of its equations 6 and 7. Because of the clip a batch adds at most
 * `maxGradNorm² / (rows · columns)`. The released code leaves dropout on; here it is off.
 *
 * @example
 * ```ts
 * import { fisher } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(fisher().options, { maxGradNorm: 1 });
 * ```
 */
export function fisher({ maxGradNorm = 1 }: FisherOptions = {}): ImportanceScore {
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
