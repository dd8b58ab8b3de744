import { type Metric, RandomKey } from "@opf/framework";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { contributions } from "../../core/statistics/contributions.ts";
import { accuracy, f1, matthews, pearson, spearman } from "../../tasks/metrics.ts";

const CORRELATIONS: readonly Metric[] = [pearson, spearman];
const METRICS = [accuracy, f1, matthews, pearson, spearman];

interface Case {
  readonly name: string;
  /** Null where the peer gives NaN. */
  readonly metrics: { readonly [name: string]: number | null };
  readonly predictions: readonly number[];
  readonly labels: readonly number[];
}

const { cases }: { cases: readonly Case[] } = JSON.parse(
  await Deno.readTextFile(new URL("../fixtures/metrics.json", import.meta.url)),
);

for (const metric of METRICS) {
  const known = cases.filter(({ metrics }) => Object.hasOwn(metrics, metric.name));
  Deno.test(`${metric.name} has the peers' values on ${known.length} sets of predictions`, () => {
    assertEquals(known.length >= 10, true);
    for (const { name, metrics, predictions, labels } of known) {
      const expected = metrics[metric.name]!;
      const value = metric.compute(predictions, labels);
      if (expected === null) assertEquals(value, NaN, name);
      else assertAlmostEquals(value, expected, name === "far from zero" ? 1e-8 : 1e-12, name);
    }
  });
}

Deno.test("correlations are undefined with a value that is not finite, or with fewer than two", () => {
  for (const { compute } of [pearson, spearman]) {
    assertEquals(compute([1, NaN, 3], [1, 2, 3]), NaN);
    assertEquals(compute([1, 2, 3], [1, Infinity, 3]), NaN);
    assertEquals(compute([1], [1]), NaN);
    assertEquals(compute([], []), NaN);
  }
});

Deno.test("every metric refuses predictions and labels of different lengths", () => {
  for (const { compute } of METRICS) assertThrows(() => compute([1, 0], [1]), RangeError);
});

// Labels, and predictions that often agree with them: classes, or a few skewed levels with many ties.
function predicted(metric: Metric, key: RandomKey, length: number) {
  const isCorrelation = CORRELATIONS.includes(metric);
  const levels = isCorrelation ? 5 : 2;
  const labels = Array.from(key.fold("labels").uniforms(length), (value) => Math.floor(value ** 2 * levels));
  const other = key.fold("other").uniforms(length), same = key.fold("same").uniforms(length);
  return {
    labels,
    predictions: labels.map((label, index) =>
      same[index]! < 0.7 ? label : Math.floor(Math.sqrt(other[index]!) * levels)
    ),
  };
}

const variance = (values: readonly number[]) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
};

for (const metric of METRICS) {
  Deno.test(`what examples contribute to ${metric.name} is what leaving them out changes`, () => {
    for (const length of [31, 128, 257]) {
      const set = predicted(metric, RandomKey.of(length).fold(metric.name), length);
      const own = metric.perExample!(set.predictions, set.labels);
      const jackknife = contributions({ name: metric.name, compute: metric.compute }, set);
      // Correlations' are of first order only, and part from the exact ones as the number of examples falls.
      const tolerance = CORRELATIONS.includes(metric) ? 7 / length : 1e-9;
      own.forEach((value, index) => assertAlmostEquals(value, jackknife[index]!, tolerance));
      assertAlmostEquals(Math.sqrt(variance(own) / variance(jackknife)), 1, 5 / length);
      assert(variance(own) > 0);
      const mean = own.reduce((sum, value) => sum + value, 0) / length;
      assertAlmostEquals(mean, metric.compute(set.predictions, set.labels), 3 / length);
    }
  });
}
