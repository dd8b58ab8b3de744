/**
 * The policy that selects matrices by name.
 *
 * @module
 */
import { matchNames, type MatrixInfo, RequestError, type SelectionPolicy } from "@opf/framework";

/**
 * Selects the matrices whose names match any of the patterns (`*` matches any text) before training, and lists them.
 *
 * @param patterns at least one; a pattern that matches no matrix is an error that suggests the nearest name
 *
 * @example
 * ```ts
 * import { named } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(named(["*.layer.0.*"]).options, { patterns: ["*.layer.0.*"] });
 * ```
 */
export function named(patterns: readonly string[]): SelectionPolicy {
  if (patterns.length === 0) throw new RequestError("named([]): expected at least one pattern, got none.");
  const matching = (matrices: readonly MatrixInfo[]): string[] => {
    const names = matrices.map(({ name }) => name);
    return [...new Set(patterns.flatMap((pattern) => matchNames(pattern, names, { what: "matrix" })))];
  };
  return {
    name: "named",
    options: { patterns: [...patterns] },
    estimate: matching,
    select: ({ matrices, note }) => {
      const selected = matching(matrices);
      note(`Selected by name: ${selected.join(", ")}.`);
      return Promise.resolve(selected);
    },
  };
}

/** For `check-plugin`. */
export const examples: readonly SelectionPolicy[] = [named(["*.layer.1.*"])];
