/**
 * How far the mean difference of a few seeds may lie from the true one.
 *
 * @module
 */
import { errorFunction } from "simple-statistics";
import { type Difference, sampleVariance } from "./difference.ts";

/** Fewer seeds do not say how much seeds vary. */
export const FEWEST_SEEDS = 3;

/** Step of the integral over the logarithm of χ². */
const STEP = 0.05;

/**
 * The distribution of a mean difference's error. Its variance is the sum of two parts:
 *
 * - of the examples, known well, for they are many;
 * - of the seeds, estimated from `k` of them: `s² (k − 1) / (k χ²)`, where `χ²` has `k − 1` degrees of freedom and `s²` is
 *   the variance between the seeds.
 *
 * The error is normal for each value of `χ²`, and averaged over it (Behrens and Fisher's solution, Barnard 1984, "Comparing
 * the means of two independent samples"): Student's t with `k − 1` degrees of freedom where examples add nothing, normal
 * where seeds do not vary. No value counts less than what examples explain alone. Satterthwaite's degrees of freedom, the
 * usual approximation, take seeds that agree by chance for certain: `docs/statistics.md` compares the two.
 *
 * @throws {RangeError} of fewer than {@linkcode FEWEST_SEEDS} seeds
 *
 * @example Three seeds that differ by 0, 1 and 2 points, and nothing else: Student's t of two degrees of freedom
 * ```ts
 * import { ErrorDistribution } from "./error_distribution.ts";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const error = new ErrorDistribution({ values: [0, 0.01, 0.02], ofExamples: 0, ofSharedExamples: 0 });
 * assertAlmostEquals(error.quantile(0.025), 4.303 * 0.01 / Math.sqrt(3), 1e-5);
 * assertAlmostEquals(2 * error.tail(4.303 * 0.01 / Math.sqrt(3)), 0.05, 1e-5);
 * ```
 */
export class ErrorDistribution {
  /** Standard deviations of the normal distributions, and their weights. */
  readonly #components: readonly { readonly deviation: number; readonly weight: number }[];

  constructor({ values, ofExamples, ofSharedExamples }: Difference) {
    const seeds = values.length, freedom = seeds - 1;
    if (seeds < FEWEST_SEEDS) throw new RangeError(`Expected ${FEWEST_SEEDS} seeds or more, got ${seeds}.`);
    const scatter = sampleVariance(values) * freedom / seeds;
    const [from, to] = [-60 / freedom, Math.log(freedom + 12 * Math.sqrt(2 * freedom) + 60)];
    const density = (logarithm: number) => Math.exp(freedom / 2 * logarithm - Math.exp(logarithm) / 2);
    const nodes = Array.from({ length: Math.ceil((to - from) / STEP) }, (_, index) => from + index * STEP);
    const total = nodes.reduce((sum, node) => sum + density(node), 0);
    this.#components = nodes.map((node) => ({
      deviation: Math.sqrt(Math.max(ofSharedExamples + scatter / Math.exp(node), ofExamples)),
      weight: density(node) / total,
    }));
  }

  /** Whether there is no error: all predictions of both methods are equal. */
  get isZero(): boolean {
    return this.#components.every(({ deviation }) => deviation === 0);
  }

  /** The probability of an error above a distance; one half at 0. */
  tail(distance: number): number {
    return this.#components.reduce((sum, { deviation, weight }) => sum + weight * normalTail(distance / deviation), 0);
  }

  /** The distance that the error exceeds with a probability below one half. */
  quantile(probability: number): number {
    let [low, high] = [0, 40 * Math.max(...this.#components.map(({ deviation }) => deviation))];
    for (let halving = 0; halving < 200 && high - low > 1e-12 * high; halving++) {
      const middle = (low + high) / 2;
      if (this.tail(middle) > probability) low = middle;
      else high = middle;
    }
    return high;
  }
}

/** The probability that a normal value of deviation 1 lies above. */
export const normalTail = (z: number): number => (1 - errorFunction(z / Math.SQRT2)) / 2;
