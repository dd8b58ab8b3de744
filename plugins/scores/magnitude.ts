/**
 * The magnitude of the weights as an importance score.
 *
 * @module
 */
import { type ImportanceScore, tf } from "@opf/framework";

/**
 * The root mean square of a matrix's entries, `‖W‖ / √(rows · columns)`. It needs no data.
 *
 * @example
 * ```ts
 * import { magnitude } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(magnitude().name, "magnitude");
 * ```
 */
export function magnitude(): ImportanceScore {
  return {
    name: "magnitude",
    options: {},
    score: ({ matrices, weight }) =>
      Promise.resolve(
        new Map(matrices.map(({ name, shape: [rows, columns] }) => [
          name,
          tf.tidy(() => tf.norm(weight(name)).dataSync()[0]! / Math.sqrt(rows * columns)),
        ])),
      ),
  };
}
