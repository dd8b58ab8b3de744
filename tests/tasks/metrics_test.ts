import type { MetricName } from "@opf/framework";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { accuracy, f1, matthews, type Metric, pearson, spearman } from "../../tasks/metrics.ts";

const METRICS: { readonly [name in MetricName]: Metric } = { accuracy, f1, matthews, pearson, spearman };

interface Case {
  readonly name: string;
  /** Null where the peer gives NaN. */
  readonly metrics: { readonly [name in MetricName]?: number | null };
  readonly predictions: readonly number[];
  readonly labels: readonly number[];
}

const { cases }: { cases: readonly Case[] } = JSON.parse(
  await Deno.readTextFile(new URL("../fixtures/metrics.json", import.meta.url)),
);

for (const [name, metric] of Object.entries(METRICS)) {
  const known = cases.filter(({ metrics }) => Object.hasOwn(metrics, name));
  Deno.test(`${name}() gives the peers' values on ${known.length} sets of predictions`, () => {
    assertEquals(known.length >= 10, true);
    for (const { name: about, metrics, predictions, labels } of known) {
      const wanted = metrics[name as MetricName]!;
      const found = metric(predictions, labels);
      if (wanted === null) assertEquals(found, NaN, about);
      else assertAlmostEquals(found, wanted, about === "far from zero" ? 1e-8 : 1e-12, about);
    }
  });
}

Deno.test("correlations are not defined with a number that is not finite, or with fewer than two", () => {
  for (const metric of [pearson, spearman]) {
    assertEquals(metric([1, NaN, 3], [1, 2, 3]), NaN);
    assertEquals(metric([1, 2, 3], [1, Infinity, 3]), NaN);
    assertEquals(metric([1], [1]), NaN);
    assertEquals(metric([], []), NaN);
  }
});

Deno.test("every metric refuses predictions and labels of different lengths", () => {
  for (const metric of Object.values(METRICS)) assertThrows(() => metric([1, 0], [1]), RangeError);
});
