/**
 * The difference of two methods and where it varies: between seeds, and over the examples.
 *
 * @module
 */

/** Two runs of one seed on the same examples: method minus reference. */
export interface PairedRuns {
  /** Difference of the metric. */
  readonly value: number;
  /** Difference of each example's contribution to it `[n]`. */
  readonly contributions: readonly number[];
}

/** The mean difference over `k` seeds, with its variances. */
export interface Difference {
  /** By seed `[k]`. */
  readonly values: readonly number[];
  /**
   * Variance of the mean difference over other examples, for these seeds: the contributions' variance over `n`, of the mean
   * over seeds.
   */
  readonly ofExamples: number;
  /**
   * The part of it that more seeds would not reduce: which examples are easy for one of the methods. The rest is chance in
   * single runs, and seeds vary by it too.
   */
  readonly ofSharedExamples: number;
}

/** The mean difference. */
export const meanOf = ({ values }: Pick<Difference, "values">): number => mean(values);

/**
 * Estimates the difference from one pair of runs per seed.
 *
 * With `v̄` the variance of the mean over seeds and `v` the mean of the variances of single seeds, both over examples,
 * `v̄ = shared + single / k` and `v = shared + single`.
 */
export function estimateDifference(pairs: readonly PairedRuns[]): Difference {
  const seeds = pairs.length;
  const averaged = pairs[0]!.contributions.map((_, example) => {
    let sum = 0;
    for (const { contributions } of pairs) sum += contributions[example]!;
    return sum / seeds;
  });
  const ofExamples = varianceOfMean(averaged);
  const ofOneSeed = mean(pairs.map(({ contributions }) => varianceOfMean(contributions)));
  const shared = seeds > 1 ? ofExamples - (ofOneSeed - ofExamples) / (seeds - 1) : ofExamples;
  return { values: pairs.map(({ value }) => value), ofExamples, ofSharedExamples: Math.max(0, shared) };
}

/** The mean of several tasks' differences over the same seeds. Tasks have examples of their own. */
export function averageDifference(differences: readonly Difference[]): Difference {
  const sum = (of: (difference: Difference) => number) => differences.reduce((sum, one) => sum + of(one), 0);
  const squared = differences.length ** 2;
  return {
    values: differences[0]!.values.map((_, seed) => mean(differences.map(({ values }) => values[seed]!))),
    ofExamples: sum(({ ofExamples }) => ofExamples) / squared,
    ofSharedExamples: sum(({ ofSharedExamples }) => ofSharedExamples) / squared,
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Sample variance; 0 of a single value. */
export function sampleVariance(values: readonly number[]): number {
  const center = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return values.length > 1 ? squares / (values.length - 1) : 0;
}

const varianceOfMean = (values: readonly number[]): number => sampleVariance(values) / values.length;
