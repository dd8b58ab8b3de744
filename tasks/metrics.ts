/**
 * GLUE's metrics, as scikit-learn and SciPy define them. All take predictions and labels in the same order and give
 * fractions.
 *
 * @module
 */
import { sampleCorrelation } from "simple-statistics";

/** A metric: predictions `[n]` and labels `[n]` to a number. */
export type Metric = (predictions: readonly number[], labels: readonly number[]) => number;

/** The share of predictions that are right; `NaN` of none. */
export const accuracy: Metric = (predictions, labels) => {
  sameLength(predictions, labels);
  return predictions.filter((prediction, at) => prediction === labels[at]).length / predictions.length;
};

/**
 * The harmonic mean of precision and recall of class 1; 0 where that class is neither predicted nor there.
 *
 * @example
 * ```ts
 * import { f1 } from "@opf/framework/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(f1([1, 1, 0], [1, 0, 1]), 0.5);
 * assertEquals(f1([0, 0], [0, 0]), 0);
 * ```
 */
export const f1: Metric = (predictions, labels) => {
  const { truePositives, falsePositives, falseNegatives } = counts(predictions, labels);
  const all = 2 * truePositives + falsePositives + falseNegatives;
  return all === 0 ? 0 : 2 * truePositives / all;
};

/**
 * Matthews' correlation of two classes, 0 and 1; 0 where predictions or labels are all of one class.
 *
 * @example
 * ```ts
 * import { matthews } from "@opf/framework/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(matthews([0, 1, 0, 1], [0, 1, 0, 1]), 1);
 * assertEquals(matthews([1, 1, 1, 1], [0, 1, 0, 1]), 0);
 * ```
 */
export const matthews: Metric = (predictions, labels) => {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = counts(predictions, labels);
  const product = (truePositives + falsePositives) * (truePositives + falseNegatives) *
    (trueNegatives + falsePositives) * (trueNegatives + falseNegatives);
  return product === 0 ? 0 : (truePositives * trueNegatives - falsePositives * falseNegatives) / Math.sqrt(product);
};

/** Pearson's correlation; `NaN` where it is not defined: fewer than two values, equal ones only, or one not finite. */
export const pearson: Metric = (predictions, labels) => {
  sameLength(predictions, labels);
  if (!varies(predictions) || !varies(labels)) return NaN;
  const correlation = sampleCorrelation([...predictions], [...labels]);
  return Math.max(-1, Math.min(1, correlation)); // rounding may reach over the edge
};

/**
 * Spearman's correlation: Pearson's of the ranks, where equal values share the mean of their ranks. `NaN` where
 * {@linkcode pearson} is.
 *
 * @example Only the order counts
 * ```ts
 * import { spearman } from "@opf/framework/tasks";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(spearman([0.1, 2, 30], [1, 2, 3]), 1, 1e-12);
 * ```
 */
export const spearman: Metric = (predictions, labels) => {
  sameLength(predictions, labels);
  if (![...predictions, ...labels].every(Number.isFinite)) return NaN;
  return pearson(ranks(predictions), ranks(labels));
};

/** Counts of predictions of class 1 against the labels. */
function counts(predictions: readonly number[], labels: readonly number[]) {
  sameLength(predictions, labels);
  const found = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 };
  predictions.forEach((prediction, at) => {
    if (prediction === 1) found[labels[at] === 1 ? "truePositives" : "falsePositives"]++;
    else found[labels[at] === 1 ? "falseNegatives" : "trueNegatives"]++;
  });
  return found;
}

// Asked outright: the spread of equal values need not come out as exactly 0.
const varies = (values: readonly number[]) =>
  values.every(Number.isFinite) && values.some((value) => value !== values[0]);

/** Ranks from 1; equal values share their mean rank. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((_, at) => at).sort((a, b) => values[a]! - values[b]!);
  const ranked = new Array<number>(values.length);
  for (let start = 0, end; start < order.length; start = end) {
    end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let at = start; at < end; at++) ranked[order[at]!] = (start + 1 + end) / 2;
  }
  return ranked;
}

function sameLength(predictions: readonly number[], labels: readonly number[]): void {
  if (predictions.length !== labels.length) {
    throw new RangeError(
      `Evaluation predictions: wanted as many labels, found ${labels.length} for ${predictions.length}.`,
    );
  }
}
