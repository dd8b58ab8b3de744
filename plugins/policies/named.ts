/**
 * Matrices by name.
 *
 * @module
 */
import { RequestError, type SelectionPolicy, unknownName } from "@opf/framework";

/**
 * Chooses the matrices whose names match any of the patterns (`*` for anything), before training, and says which.
 *
 * @param patterns at least one; one that no matrix matches is an error with the nearest name
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
  if (patterns.length === 0) throw new RequestError("named([]): wanted at least one pattern.");
  return {
    name: "named",
    options: { patterns: [...patterns] },
    select: ({ matrices, note }) => {
      const names = matrices.map(({ name }) => name);
      const matched = patterns.map((pattern) => {
        const expression = new RegExp(`^${pattern.split("*").map((part) => RegExp.escape(part)).join(".*")}$`);
        const found = names.filter((name) => expression.test(name));
        if (found.length === 0) throw unknownName("matrix", pattern, names);
        return found;
      });
      const chosen = [...new Set(matched.flat())];
      note(`Named: ${chosen.join(", ")}.`);
      return Promise.resolve(chosen);
    },
  };
}
