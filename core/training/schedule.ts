/**
 * Learning rate over the steps of a run.
 *
 * @module
 */

/** How the rate rises and falls; a rate of 1 is the peak. */
export interface Schedule {
  /** Steps of linear rise. */
  readonly warmupSteps: number;
  /** All steps; the rate would reach 0 after the last. */
  readonly totalSteps: number;
}

/**
 * The part of the peak rate that step `step` (from 0) is taken with: linear warm-up and linear decay, as Transformers'
 * `get_linear_schedule_with_warmup`.
 *
 * @example
 * ```ts
 * import { rateAt } from "@opf/framework";
 * import { assertEquals } from "@std/assert";
 *
 * const schedule = { warmupSteps: 2, totalSteps: 6 };
 * assertEquals([0, 1, 2, 3, 4, 5].map((step) => rateAt(step, schedule)), [0, 0.5, 1, 0.75, 0.5, 0.25]);
 * ```
 */
export function rateAt(step: number, { warmupSteps, totalSteps }: Schedule): number {
  if (step < warmupSteps) return step / Math.max(1, warmupSteps);
  return Math.max(0, (totalSteps - step) / Math.max(1, totalSteps - warmupSteps));
}
