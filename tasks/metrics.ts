/**
 * GLUE's metrics, as scikit-learn and SciPy define them.
 *
 * @module
 */
import type { Metric } from "@opf/framework";
import { sampleCorrelation } from "simple-statistics";

/** Predictions `[n]` and labels `[n]`, in the same order. */
type Values = readonly number[];

/** The share of correct predictions; `NaN` of none. */
export const accuracy: Metric = {
  name: "accuracy",
  compute: (predictions, labels) => mean(correct(predictions, labels)),
  perExample: correct,
};

/**
 * The harmonic mean of precision and recall of class 1; 0 if that class is neither predicted nor there.
 *
 * @example
 * ```ts
 * import { f1 } from "@opf/framework/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(f1.compute([1, 1, 0], [1, 0, 1]), 0.5);
 * assertEquals(f1.compute([0, 0], [0, 0]), 0);
 * ```
 */
export const f1: Metric = ofCounts("f1", ({ truePositives, falsePositives, falseNegatives }) => {
  const total = 2 * truePositives + falsePositives + falseNegatives;
  return total === 0 ? 0 : 2 * truePositives / total;
});

/**
 * Matthews' correlation of two classes, 0 and 1; 0 if predictions or labels are all of one class.
 *
 * @example
 * ```ts
 * import { matthews } from "@opf/framework/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(matthews.compute([0, 1, 0, 1], [0, 1, 0, 1]), 1);
 * assertEquals(matthews.compute([1, 1, 1, 1], [0, 1, 0, 1]), 0);
 * ```
 */
export const matthews: Metric = ofCounts(
  "matthews",
  ({ truePositives, falsePositives, falseNegatives, trueNegatives }) => {
    const product = (truePositives + falsePositives) * (truePositives + falseNegatives) *
      (trueNegatives + falsePositives) * (trueNegatives + falseNegatives);
    return product === 0 ? 0 : (truePositives * trueNegatives - falsePositives * falseNegatives) / Math.sqrt(product);
  },
);

/** Pearson's correlation; `NaN` if undefined: fewer than two values, all of them equal, or one not finite. */
export const pearson: Metric = {
  name: "pearson",
  compute: correlation,
  perExample: (predictions, labels) => {
    const value = correlation(predictions, labels);
    return influence(standardized(predictions), standardized(labels), value).map((change) => value + change);
  },
};

/**
 * Spearman's correlation: Pearson's of the ranks, equal values sharing their mean rank. `NaN` where
 * {@linkcode pearson} is.
 *
 * @example Only the order counts
 * ```ts
 * import { spearman } from "@opf/framework/tasks";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(spearman.compute([0.1, 2, 30], [1, 2, 3]), 1, 1e-12);
 * ```
 */
export const spearman: Metric = {
  name: "spearman",
  compute: rankCorrelation,
  // An example changes the correlation of the ranks as they are, and the ranks of those above it and beside it.
  perExample: (predictions, labels) => {
    const [first, second] = [new Ranking(predictions), new Ranking(labels)];
    const value = correlation(first.ranks, second.ranks);
    const [x, y] = [standardized(first.ranks), standardized(second.ranks)];
    const gradient = (x: Values, y: Values, ranks: Values) => {
      const deviation = standardDeviation(ranks);
      return x.map((own, index) => (y[index]! - value * own) / deviation);
    };
    const [throughFirst, throughSecond] = [
      first.sumOfHigher(gradient(x, y, first.ranks)),
      second.sumOfHigher(gradient(y, x, second.ranks)),
    ];
    return influence(x, y, value).map((change, index) => value + change + throughFirst[index]! + throughSecond[index]!);
  },
};

function correct(predictions: Values, labels: Values): number[] {
  checkSameLength(predictions, labels);
  return predictions.map((prediction, index) => prediction === labels[index] ? 1 : 0);
}

/** Predictions of class 1 against all other classes. */
interface Counts {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  trueNegatives: number;
}

// A prediction that is the label of no example, as of a text that is no label, is wrong whatever the label is.
const outcome = (prediction: number, label: number): keyof Counts =>
  label === 1
    ? prediction === 1 ? "truePositives" : "falseNegatives"
    : prediction === label
    ? "trueNegatives"
    : "falsePositives";

// The jackknife's pseudo-values: examples of the same outcome have the same one.
function ofCounts(name: string, value: (counts: Readonly<Counts>) => number): Metric {
  const count = (predictions: Values, labels: Values): Counts => {
    checkSameLength(predictions, labels);
    const counts = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 };
    predictions.forEach((prediction, index) => counts[outcome(prediction, labels[index]!)]++);
    return counts;
  };
  return {
    name,
    compute: (predictions, labels) => value(count(predictions, labels)),
    perExample: (predictions, labels) => {
      const counts = count(predictions, labels), length = labels.length;
      const without = (key: keyof Counts) => value({ ...counts, [key]: counts[key] - 1 });
      const pseudo = new Map<keyof Counts, number>();
      return predictions.map((prediction, index) =>
        pseudo.getOrInsertComputed(
          outcome(prediction, labels[index]!),
          (key) => length * value(counts) - (length - 1) * without(key),
        )
      );
    },
  };
}

function correlation(predictions: Values, labels: Values): number {
  checkSameLength(predictions, labels);
  if (!varies(predictions) || !varies(labels)) return NaN;
  const value = sampleCorrelation([...predictions], [...labels]);
  return Math.max(-1, Math.min(1, value)); // rounding can leave the range
}

function rankCorrelation(predictions: Values, labels: Values): number {
  checkSameLength(predictions, labels);
  if (![...predictions, ...labels].every(Number.isFinite)) return NaN;
  return correlation(new Ranking(predictions).ranks, new Ranking(labels).ranks);
}

/** Influence of each example on a correlation of standardized values: `x y − r (x² + y²) / 2`. */
const influence = (x: Values, y: Values, r: number): number[] =>
  x.map((own, index) => own * y[index]! - r * (own ** 2 + y[index]! ** 2) / 2);

const mean = (values: Values): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function standardDeviation(values: Values): number {
  const center = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2)));
}

function standardized(values: Values): number[] {
  const center = mean(values), deviation = standardDeviation(values);
  return values.map((value) => (value - center) / deviation);
}

// Compared directly: the computed spread of equal values need not be exactly 0.
const varies = (values: Values) => values.every(Number.isFinite) && values.some((value) => value !== values[0]);

/** Values by their order. */
class Ranking {
  /** Ranks from 1; equal values share their mean rank. */
  readonly ranks: number[];
  /** Positions of the values in ascending order, equal values together. */
  readonly #groups: readonly (readonly number[])[];

  constructor(values: Values) {
    const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
    const groups: number[][] = [];
    for (const index of order) {
      const last = groups.at(-1);
      if (last && values[last[0]!] === values[index]) last.push(index);
      else groups.push([index]);
    }
    this.#groups = groups;
    this.ranks = new Array<number>(values.length);
    let below = 0;
    for (const group of groups) {
      for (const index of group) this.ranks[index] = below + (group.length + 1) / 2;
      below += group.length;
    }
  }

  /** Of each example, the sum of a quantity over the examples of higher rank, and half of it over those of the same. */
  sumOfHigher(quantity: Values): number[] {
    const sums = new Array<number>(quantity.length);
    let higher = 0;
    for (const group of this.#groups.toReversed()) {
      const same = group.reduce((sum, index) => sum + quantity[index]!, 0);
      for (const index of group) sums[index] = higher + same / 2;
      higher += same;
    }
    return sums;
  }
}

function checkSameLength(predictions: Values, labels: Values): void {
  if (predictions.length !== labels.length) {
    throw new RangeError(`Metrics: expected ${predictions.length} labels, one per prediction, got ${labels.length}.`);
  }
}
