/**
 * Metrics of many runs on one set of examples, each example counted as often as it was drawn: what the bootstrap asks
 * thousands of times. The values are those of the task's own metrics on the repeated examples.
 *
 * @module
 */
import type { MetricName } from "../task.ts";

/** What is judged: predictions of each run, in the order of the labels. */
export interface Judged {
  readonly labels: readonly number[];
  readonly runs: readonly (readonly number[])[];
}

/** How often each example was drawn. */
export type Counts = Uint16Array<ArrayBuffer>;

/** Writes the metric of each run into `values`; `NaN` where a coefficient is not defined. */
export type Judge = (counts: Counts, values: Float64Array) => void;

/** Whether constant predictions leave a metric undefined. */
export const isCoefficient = (metric: MetricName): boolean => !["accuracy", "f1"].includes(metric);

/**
 * A function that judges all runs at once. What does not depend on the draw is worked out here: which predictions are
 * wrong, and how they are ordered.
 */
export const judgeOf = (metric: MetricName, judged: Judged): Judge => JUDGES[metric](judged);

const JUDGES: { readonly [name in MetricName]: (judged: Judged) => Judge } = {
  accuracy: ({ labels, runs }) => {
    const wrong = runs.map((run) => where(run, (prediction, at) => prediction !== labels[at]));
    return (counts, values) => {
      const all = sum(counts);
      wrong.forEach((places, run) => values[run] = (all - sumAt(counts, places)) / all);
    };
  },
  f1: byOutcomes(({ truePositives, falsePositives, falseNegatives }) => {
    const all = 2 * truePositives + falsePositives + falseNegatives;
    return all === 0 ? 0 : 2 * truePositives / all;
  }),
  matthews: byOutcomes(({ truePositives, falsePositives, falseNegatives, trueNegatives }) => {
    const product = (truePositives + falsePositives) * (truePositives + falseNegatives) *
      (trueNegatives + falsePositives) * (trueNegatives + falseNegatives);
    return product === 0 ? NaN : (truePositives * trueNegatives - falsePositives * falseNegatives) / Math.sqrt(product);
  }),
  pearson: ({ labels, runs }) => {
    const y = centred(labels), xs = runs.map(centred);
    return (counts, values) => {
      const all = sum(counts), ofY = moments(y, counts, all);
      xs.forEach((x, run) => {
        const ofX = moments(x, counts, all);
        let product = 0;
        for (let at = 0; at < x.length; at++) product += counts[at]! * x[at]! * y[at]!;
        values[run] = correlation(product - all * ofX.mean * ofY.mean, ofX.spread, ofY.spread);
      });
    };
  },
  spearman: ({ labels, runs }) => {
    const ofLabels = new Ranking(labels), rankings = runs.map((run) => new Ranking(run));
    const ranks = new Float64Array(labels.length);
    return (counts, values) => {
      const middle = (sum(counts) + 1) / 2;
      const spread = ofLabels.rank(counts, middle, ranks);
      for (let at = 0; at < ranks.length; at++) ranks[at]! *= counts[at]!;
      rankings.forEach((ranking, run) => values[run] = ranking.correlate(counts, middle, { weighted: ranks, spread }));
    };
  },
};

interface Outcomes {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

// Of class 1 against all else. Only wrong predictions are walked through: they are few.
function byOutcomes(value: (outcomes: Outcomes) => number): (judged: Judged) => Judge {
  return ({ labels, runs }) => {
    const positive = where(labels, (label) => label === 1);
    const wrong = runs.map((run) => ({
      alarms: where(run, (prediction, at) => prediction === 1 && labels[at] !== 1),
      missed: where(run, (prediction, at) => prediction !== 1 && labels[at] === 1),
    }));
    return (counts, values) => {
      const all = sum(counts), positives = sumAt(counts, positive);
      wrong.forEach(({ alarms, missed }, run) => {
        const falsePositives = sumAt(counts, alarms), falseNegatives = sumAt(counts, missed);
        values[run] = value({
          truePositives: positives - falseNegatives,
          falsePositives,
          falseNegatives,
          trueNegatives: all - positives - falsePositives,
        });
      });
    };
  };
}

/** Values in order, so that a draw's ranks need one walk and no sorting. */
class Ranking {
  readonly #order: Int32Array;
  /** Where a new value begins in the order, and the end of it. */
  readonly #starts: Int32Array;

  constructor(values: readonly number[]) {
    this.#order = Int32Array.from(values.map((_, at) => at).sort((a, b) => values[a]! - values[b]!));
    const starts = [...this.#order.keys()].filter((at) =>
      at === 0 || values[this.#order[at]!] !== values[this.#order[at - 1]!]
    );
    this.#starts = Int32Array.from([...starts, values.length]);
  }

  /** Writes the ranks less their mean of the examples drawn, equal values sharing theirs; gives their sum of squares. */
  rank(counts: Counts, middle: number, ranks: Float64Array): number {
    let below = 0, squares = 0;
    for (let group = 0; group + 1 < this.#starts.length; group++) {
      const start = this.#starts[group]!, end = this.#starts[group + 1]!;
      let drawn = 0;
      for (let at = start; at < end; at++) drawn += counts[this.#order[at]!]!;
      const rank = below + (drawn + 1) / 2 - middle;
      for (let at = start; at < end; at++) ranks[this.#order[at]!] = rank;
      below += drawn;
      squares += drawn * rank * rank;
    }
    return squares;
  }

  /** The correlation of the ranks with others; `weighted` are the others' ranks times the counts. */
  correlate(
    counts: Counts,
    middle: number,
    { weighted, spread }: { readonly weighted: Float64Array; readonly spread: number },
  ): number {
    const order = this.#order, starts = this.#starts;
    let below = 0, squares = 0, product = 0;
    for (let group = 0, start = 0; start < order.length; group++) {
      const end = starts[group + 1]!;
      let drawn = 0, others = 0;
      for (; start < end; start++) {
        const place = order[start]!;
        drawn += counts[place]!;
        others += weighted[place]!;
      }
      const rank = below + (drawn + 1) / 2 - middle;
      below += drawn;
      squares += drawn * rank * rank;
      product += rank * others;
    }
    return correlation(product, squares, spread);
  }
}

const correlation = (product: number, a: number, b: number): number =>
  a > 0 && b > 0 ? Math.max(-1, Math.min(1, product / Math.sqrt(a * b))) : NaN;

// Sums of squares lose what is common to all values: it is taken away beforehand.
function centred(values: readonly number[]): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Float64Array.from(values, (value) => value - mean);
}

function moments(x: Float64Array, counts: Counts, all: number): { mean: number; spread: number } {
  let total = 0, squares = 0;
  for (let at = 0; at < x.length; at++) {
    total += counts[at]! * x[at]!;
    squares += counts[at]! * x[at]! * x[at]!;
  }
  const spread = squares - total * total / all;
  // Equal values leave no more than rounding.
  return { mean: total / all, spread: spread > 1e-12 * squares ? spread : 0 };
}

const where = (values: readonly number[], holds: (value: number, at: number) => boolean): Int32Array =>
  Int32Array.from([...values.keys()].filter((at) => holds(values[at]!, at)));

function sum(counts: Counts): number {
  let sum = 0;
  for (let at = 0; at < counts.length; at++) sum += counts[at]!;
  return sum;
}

function sumAt(counts: Counts, places: Int32Array): number {
  let sum = 0;
  for (let at = 0; at < places.length; at++) sum += counts[places[at]!]!;
  return sum;
}
