import { RandomKey } from "@opf/framework";
import * as tasks from "@opf/framework/tasks";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { contributions } from "../../../core/statistics/contributions.ts";
import { averageDifference, estimateDifference, meanOf, type PairedRuns } from "../../../core/statistics/difference.ts";

interface Case {
  readonly metric: "accuracy" | "f1" | "matthews" | "pearson" | "spearman";
  /** Second minus first, mean over seeds. */
  readonly difference: number;
  /** Over draws of the examples. */
  readonly standardError: number;
  readonly labels: readonly number[];
  /** One row per seed. */
  readonly first: readonly (readonly number[])[];
  readonly second: readonly (readonly number[])[];
}

const { differences: cases }: { readonly differences: readonly Case[] } = JSON.parse(
  await Deno.readTextFile(new URL("../../fixtures/statistics.json", import.meta.url)),
);

for (const { metric: name, labels, first, second, ...peer } of cases) {
  Deno.test(`the error of ${name} over examples, ${first.length} seeds, is that of SciPy's bootstrap`, () => {
    const metric = tasks[name];
    const run = (predictions: readonly number[]) => ({
      value: metric.compute(predictions, labels),
      contributions: contributions(metric, { predictions, labels }),
    });
    const difference = estimateDifference(second.map((predictions, seed): PairedRuns => {
      const [one, other] = [run(predictions), run(first[seed]!)];
      return {
        value: one.value - other.value,
        contributions: one.contributions.map((value, index) => value - other.contributions[index]!),
      };
    }));
    assertAlmostEquals(meanOf(difference), peer.difference, 1e-12);
    assertAlmostEquals(Math.sqrt(difference.ofExamples) / peer.standardError, 1, 0.06);
  });
}

/** Contributions with a part that seeds share, and a part of each. */
function madeUp({ seeds, shared, own }: { seeds: number; shared: number; own: number }, key: RandomKey): PairedRuns[] {
  const length = 4000, common = key.fold("common").uniforms(length);
  return Array.from({ length: seeds }, (_, seed) => {
    const single = key.fold(seed).uniforms(length);
    return { value: 0, contributions: Array.from(common, (value, at) => shared * value + own * single[at]!) };
  });
}

Deno.test("what all seeds share is separated from the chance of single runs", () => {
  for (const seeds of [2, 3, 10]) {
    for (const [shared, own] of [[1, 0], [0, 1], [1, 1], [0.5, 2]] as const) {
      const pairs = madeUp({ seeds, shared, own }, RandomKey.of(seeds));
      const { ofExamples, ofSharedExamples } = estimateDifference(pairs);
      const unit = 1 / 12 / 4000; // the variance of a mean of uniform numbers
      const tolerance = 0.1 * (shared ** 2 + own ** 2);
      assertAlmostEquals(ofExamples / unit, shared ** 2 + own ** 2 / seeds, tolerance);
      assertAlmostEquals(ofSharedExamples / unit, shared ** 2, tolerance);
    }
  }
});

Deno.test("the error of an average falls with its tasks", () => {
  const one = { values: [0.1, 0.2, 0.3], ofExamples: 0.04, ofSharedExamples: 0.02 };
  const other = { values: [0.3, 0.2, 0.7], ofExamples: 0.08, ofSharedExamples: 0.02 };
  const { values, ...variances } = averageDifference([one, other]);
  values.forEach((value, seed) => assertAlmostEquals(value, [0.2, 0.2, 0.5][seed]!, 1e-12));
  assertEquals(variances, { ofExamples: 0.03, ofSharedExamples: 0.01 });
});
