/**
 * Assertions of checks.
 *
 * @module
 */

/** Throws unless the condition holds. */
export function expect(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

/** Throws unless two values are the same JSON. */
export function same(actual: unknown, expected: unknown, otherwise = "two values differ"): void {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(a!.length + b!.length < 200 ? `${otherwise}: expected ${b}, got ${a}` : otherwise);
}

/** Throws unless a value is plain JSON. */
export function plainJson(value: unknown, path = "options"): void {
  if (value === null || ["string", "boolean", "undefined"].includes(typeof value)) return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  const isPlain = typeof value === "object" &&
    [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value));
  expect(isPlain, `${path} is ${Deno.inspect(value)}, which JSON cannot hold`);
  for (const [key, part] of Object.entries(value as object)) plainJson(part, `${path}.${key}`);
}
