/**
 * Patterns on names.
 *
 * @module
 */
import { unknownName } from "./errors.ts";

/**
 * The names that a pattern matches, in which `*` stands for any characters.
 *
 * @throws {RequestError} if it matches none
 *
 * @example
 * ```ts
 * import { matchNames } from "@opf/framework";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(matchNames("*.bias", ["a.weight", "a.bias", "b.bias"], { what: "parameter" }), ["a.bias", "b.bias"]);
 * ```
 */
export function matchNames(
  pattern: string,
  names: readonly string[],
  { what }: { readonly what: string },
): string[] {
  const expression = new RegExp(`^${pattern.split("*").map((part) => RegExp.escape(part)).join(".*")}$`);
  const matches = names.filter((name) => expression.test(name));
  if (matches.length === 0) throw unknownName(what, pattern, names);
  return matches;
}
