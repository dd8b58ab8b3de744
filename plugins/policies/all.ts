/**
 * The policy that selects every matrix.
 *
 * @module
 */
import type { SelectionPolicy } from "@opf/framework";

/**
 * Selects every decomposable matrix of the model before training.
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
