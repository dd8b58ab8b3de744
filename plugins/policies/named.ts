/**
 * The policy that selects matrices by name.
 *
 * @module
 */
import { type MatrixInfo, RequestError, type SelectionPolicy, unknownName } from "@opf/framework";

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
    const matches = patterns.map((pattern) => {
      const expression = new RegExp(`^${pattern.split("*").map((part) => RegExp.escape(part)).join(".*")}$`);
      const matches = names.filter((name) => expression.test(name));
      if (matches.length === 0) throw unknownName("matrix", pattern, names);
      return matches;
    });
    return [...new Set(matches.flat())];
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
