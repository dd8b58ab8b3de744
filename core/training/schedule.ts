/**
 * The learning rate over the steps of a run.
 *
 * @module
 */

/** A learning rate with linear warm-up and linear decay. */
export interface Schedule {
  /** Steps of linear warm-up. */
  readonly warmupSteps: number;
  /** All steps. The rate reaches 0 after the last. */
  readonly totalSteps: number;
}

/**
 * The learning rate of step `step` (from 0) as a fraction of the peak: linear warm-up and linear decay, as Transformers'
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
