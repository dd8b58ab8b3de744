import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { ErrorDistribution } from "../../../core/statistics/error_distribution.ts";

interface Tail {
  readonly seeds: number;
  /** Variance between seeds. */
  readonly scatter: number;
  readonly shared: number;
  readonly floor: number;
  readonly distance: number;
  readonly tail: number;
}

const { tails }: { readonly tails: readonly Tail[] } = JSON.parse(
  await Deno.readTextFile(new URL("../../fixtures/statistics.json", import.meta.url)),
);

/** As many values with that sample variance. */
function valuesOf(seeds: number, variance: number): number[] {
  const values = Array.from({ length: seeds }, (_, seed) => seed - (seeds - 1) / 2);
  const scale = Math.sqrt(variance * (seeds - 1) / values.reduce((sum, value) => sum + value ** 2, 0));
  return values.map((value) => scale * value);
}

const ofTail = ({ seeds, scatter, shared, floor }: Omit<Tail, "tail" | "distance">) =>
  new ErrorDistribution({ values: valuesOf(seeds, scatter), ofExamples: floor, ofSharedExamples: shared });

Deno.test("tails are SciPy's", () => {
  assert(tails.length >= 40);
  for (const { tail, distance, ...of } of tails) {
    const error = Math.abs(ofTail(of).tail(distance) - tail);
    assert(error < 5e-4 * tail, `${JSON.stringify({ ...of, distance, tail, error })}`);
  }
});

Deno.test("quantiles are where the tail has that probability", () => {
  for (const of of tails) {
    const error = ofTail(of);
    for (const probability of [0.2, 0.025, 1e-3, 1e-6]) {
      assertAlmostEquals(error.tail(error.quantile(probability)) / probability, 1, 1e-6);
    }
  }
});

Deno.test("seeds that do not vary leave the error of the examples", () => {
  const error = new ErrorDistribution({ values: [0.5, 0.5, 0.5], ofExamples: 0.04, ofSharedExamples: 0.01 });
  assertAlmostEquals(error.quantile(0.025), 1.959964 * 0.2, 1e-5);
});

Deno.test("runs whose predictions are all equal have no error to estimate", () => {
  assert(new ErrorDistribution({ values: [0, 0, 0], ofExamples: 0, ofSharedExamples: 0 }).isZero);
  assertEquals(new ErrorDistribution({ values: [0, 0, 1], ofExamples: 0, ofSharedExamples: 0 }).isZero, false);
});

Deno.test("two seeds do not say how much seeds vary", () => {
  assertThrows(
    () => new ErrorDistribution({ values: [1, 2], ofExamples: 1, ofSharedExamples: 1 }),
    RangeError,
    "got 2",
  );
});
