import { type Metric, RandomKey } from "@opf/framework";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { contributions, LARGEST_JACKKNIFE } from "../../../core/statistics/contributions.ts";

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: readonly number[]) => {
  const center = mean(values);
  return values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1);
};

/** The mean of the predictions, without its terms. */
const average: Metric = { name: "average", compute: mean };

Deno.test("of a mean, each example contributes its term", () => {
  for (const length of [2, 3, 50, LARGEST_JACKKNIFE]) {
    const predictions = [...RandomKey.of(length).uniforms(length)];
    const values = contributions(average, { predictions, labels: predictions });
    values.forEach((value, index) => assertAlmostEquals(value, predictions[index]!, 1e-9));
  }
});

Deno.test("of many examples, groups are left out, and their variance is that of the examples", () => {
  let calls = 0;
  const counting: Metric = {
    name: "counting",
    compute: (predictions) => {
      calls++;
      return mean(predictions);
    },
  };
  for (const length of [1001, 5300]) {
    calls = 0;
    const predictions = [...RandomKey.of(length).uniforms(length)];
    const values = contributions(counting, { predictions, labels: predictions });
    assertEquals(values.length, length);
    assert(calls < LARGEST_JACKKNIFE + 5, `${calls}`);
    // A thousand groups estimate a variance to a twentieth.
    assertAlmostEquals(variance(values) / variance(predictions), 1, 0.15);
  }
});

Deno.test("a metric's own contributions are taken", () => {
  const own: Metric = { ...average, perExample: (predictions) => predictions.map((value) => 2 * value) };
  assertEquals(contributions(own, { predictions: [1, 2], labels: [0, 0] }), [2, 4]);
});

Deno.test("examples contribute nothing to a metric that is undefined", () => {
  const undefinedMetric: Metric = { name: "nothing", compute: () => NaN };
  assertEquals(contributions(undefinedMetric, { predictions: [1, 2], labels: [0, 0] }), [0, 0]);
});

Deno.test("where leaving an example out leaves the metric undefined, the rest counts 0", () => {
  const varied: Metric = { name: "varied", compute: (values) => new Set(values).size > 1 ? 1 : NaN };
  // Without the third, all are equal: pseudo-value 3 · 1 − 2 · 0.
  assertEquals(contributions(varied, { predictions: [1, 1, 2], labels: [0, 0, 0] }), [1, 1, 3]);
});
