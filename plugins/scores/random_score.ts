/**
 * A random importance score: the control for scores.
 *
 * @module
 */
import type { ImportanceScore } from "@opf/framework";

/**
 * A uniform random number per matrix, seeded by the run.
 *
 * @example
 * ```ts
 * import { randomScore } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(randomScore().name, "random");
 * ```
 */
export function randomScore(): ImportanceScore {
  return {
    name: "random",
    options: {},
    score: ({ matrices, key }) =>
      Promise.resolve(new Map(matrices.map(({ name }) => [name, key.fold(name).uniforms(1)[0]!]))),
  };
}
