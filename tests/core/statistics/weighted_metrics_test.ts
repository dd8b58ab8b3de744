import { type MetricName, RandomKey } from "@opf/framework";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { judgeOf } from "../../../core/statistics/weighted_metrics.ts";
import { accuracy, f1, matthews, type Metric, pearson, spearman } from "../../../tasks/metrics.ts";

const METRICS: { readonly [name in MetricName]: Metric } = { accuracy, f1, matthews, pearson, spearman };

const numbers = (key: RandomKey, count: number, levels: number) =>
  Array.from(key.uniforms(count), (value) => Math.floor(value * levels));

// Few examples, so that some draws are of one class, or of equal values only.
for (const [name, metric] of Object.entries(METRICS) as [MetricName, Metric][]) {
  Deno.test(`${name} of examples counted several times is the task's metric of the examples repeated`, () => {
    let undefinedOnes = 0;
    for (let trial = 0; trial < 60; trial++) {
      const key = RandomKey.of(trial).fold(name), length = 2 + trial % 9;
      const levels = ["pearson", "spearman"].includes(name) ? 4 : name === "accuracy" ? 3 : 2;
      const labels = numbers(key.fold("labels"), length, levels);
      const runs = [1, 2].map((run) => numbers(key.fold(run), length, levels));
      const counts = Uint16Array.from(numbers(key.fold("counts"), length, 3));
      counts[trial % length]!++;
      const values = new Float64Array(2);
      judgeOf(name, { labels, runs })(counts, values);
      const repeated = (list: readonly number[]) => list.flatMap((value, at) => Array(counts[at]).fill(value));
      runs.forEach((run, at) => {
        const wanted = metric(repeated(run), repeated(labels));
        if (Number.isNaN(values[at])) {
          undefinedOnes++;
          assertEquals(name === "matthews" ? 0 : NaN, wanted);
        } else assertAlmostEquals(values[at]!, wanted, 1e-9);
      });
    }
    assertEquals(undefinedOnes > 0, !["accuracy", "f1"].includes(name));
  });
}
