/**
 * Settings as people read them.
 *
 * @module
 */

/** A setting's value, short: `1e-4`, `11`, `gauge`. */
export function setting(value: unknown): string {
  if (typeof value !== "number") return typeof value === "string" ? value : JSON.stringify(value);
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
}

/** The last part of a setting's path: `learningRate`. */
export const lastPart = (path: string): string => path.split(".").at(-1)!;
