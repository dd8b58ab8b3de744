/**
 * Numbers as people read them.
 *
 * @module
 */
import { mean, sampleStandardDeviation } from "simple-statistics";

/** A fraction in percent, two digits. */
export const percent = (value: number): string => (100 * value).toFixed(2);

/** A difference of fractions in points, with its sign unless it rounds to zero. */
export function points(value: number): string {
  const size = percent(Math.abs(value));
  return size === "0.00" ? size : (value < 0 ? "−" : "+") + size;
}

/** A count in millions. */
export const millions = (count: number): string => (count / 1e6).toFixed(2);

/** A p-value, small ones in exponential form. */
export const pValue = (p: number): string => p < 0.001 ? p.toExponential(1) : p.toFixed(3);

/** Mean and, of more than one, standard deviation, in percent. */
export const spread = (values: readonly number[]): string =>
  percent(mean([...values])) + (values.length > 1 ? ` ± ${percent(sampleStandardDeviation([...values]))}` : "");

/** A number and what it counts: `1 run`, `2 runs`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
