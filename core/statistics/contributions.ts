/**
 * What each example contributes to a metric: a run stores it with its predictions, so that comparisons need no metric.
 *
 * @module
 */
import type { Metric } from "../task.ts";

/** Up to as many examples, the jackknife leaves out one at a time; above, as many groups. */
export const LARGEST_JACKKNIFE = 1000;

/**
 * The contributions `[n]` of examples to a metric. Their variance over `n` estimates the metric's sampling variance; 0 for
 * each if the metric is undefined, as the metric itself then counts.
 *
 * They are the metric's own {@linkcode Metric.perExample}, or pseudo-values of the delete-a-group jackknife (Efron and
 * Tibshirani 1993, "An Introduction to the Bootstrap", chapter 11), the value without some examples counting 0 if undefined.
 *
 * @example
 * ```ts
 * import { contributions } from "./contributions.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const compute = (predictions: readonly number[]) => predictions.reduce((sum, value) => sum + value, 0) / predictions.length;
 * const values = contributions({ name: "mean", compute }, { predictions: [1, 0, 0, 1], labels: [0, 0, 0, 0] });
 * assertEquals(values.map(Math.round), [1, 0, 0, 1]);
 * ```
 */
export function contributions(
  metric: Metric,
  { predictions, labels }: { readonly predictions: readonly number[]; readonly labels: readonly number[] },
): number[] {
  if (!Number.isFinite(metric.compute(predictions, labels))) return labels.map(() => 0);
  return [...metric.perExample?.(predictions, labels) ?? jackknife(metric, { predictions, labels })];
}

function jackknife(
  metric: Metric,
  { predictions, labels }: { readonly predictions: readonly number[]; readonly labels: readonly number[] },
): number[] {
  const length = labels.length, groups = Math.min(length, LARGEST_JACKKNIFE);
  const value = metric.compute(predictions, labels);
  // Fewer, larger groups vary less than examples do: what n of them stand for is scaled to the same variance.
  const scale = length > 1 ? Math.sqrt((length - 1) / (groups - 1)) : 0;
  const changes = Array.from({ length: groups }, (_, group) => {
    const kept = (values: readonly number[]) => values.filter((_, index) => index % groups !== group);
    const without = metric.compute(kept(predictions), kept(labels));
    return scale * (groups - 1) * (value - (Number.isFinite(without) ? without : 0));
  });
  return labels.map((_, index) => value + changes[index % groups]!);
}
