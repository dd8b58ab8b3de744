/**
 * Every matrix.
 *
 * @module
 */
import type { SelectionPolicy } from "@opf/framework";

/**
 * Chooses every matrix of the model that may be decomposed, before training.
 *
 * @example
 * ```ts
 * import { all } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(all().name, "all");
 * ```
 */
export function all(): SelectionPolicy {
  return {
    name: "all",
    options: {},
    select: ({ matrices }) => Promise.resolve(matrices.map(({ name }) => name)),
  };
}
