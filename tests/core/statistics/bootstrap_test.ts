import { type MetricName, RandomKey } from "@opf/framework";
import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess, assertNotEquals } from "@std/assert";
import { differenceOf, drawExamples, judgeDifference, meanDifference } from "../../../core/statistics/bootstrap.ts";

interface Case {
  readonly metric: MetricName;
  readonly difference: number;
  readonly standardError: number;
  readonly interval: readonly [number, number];
  readonly labels: readonly number[];
  /** A row a seed. */
  readonly first: readonly (readonly number[])[];
  readonly second: readonly (readonly number[])[];
}

const { differences: cases }: { differences: readonly Case[] } = JSON.parse(
  await Deno.readTextFile(new URL("../../fixtures/statistics.json", import.meta.url)),
);

const key = RandomKey.of(1);

function compared({ metric, labels, first, second }: Pick<Case, "metric" | "labels" | "first" | "second">, of = key) {
  const drawn = drawExamples(metric, { labels, runs: [...first, ...second], key: of });
  return differenceOf(drawn.slice(first.length), drawn.slice(0, first.length), { key: of });
}

for (const peer of cases) {
  const seeds = peer.first.length;
  Deno.test(`the draws of ${peer.metric} over ${seeds} seed${seeds > 1 ? "s" : ""} spread as the peer's`, () => {
    const found = compared(peer);
    assertAlmostEquals(found.value, peer.difference, 1e-12);
    const { standardError, interval } = judgeDifference(found);
    // Both are of ten thousand draws: their own error is about 1 % of the spread, 3 % at its ends.
    assertAlmostEquals(standardError / peer.standardError, 1, 0.04);
    interval.forEach((end, at) => assertLess(Math.abs(end - peer.interval[at]!), 0.15 * peer.standardError));
  });
}

Deno.test("p is twice the smaller tail with one added", () => {
  const p = (draws: readonly number[]) => judgeDifference({ value: 0, draws: Float64Array.from(draws) }).p;
  assertAlmostEquals(p([1, 2, 3, 4, 5, 6, 7, 8, -1]), 2 * (1 + 1) / 10, 1e-12);
  assertAlmostEquals(p([-1, -2, -3, -4, -5, -6, -7, -8, 1]), 2 * (1 + 1) / 10, 1e-12);
  assertAlmostEquals(p([1, 2, 3, 4, 5, 6, 7, 8, 9]), 2 * 1 / 10, 1e-12);
  assertAlmostEquals(p([1, 2, 3, 4, 5, 6, 7, 0, 0]), 2 * 3 / 10, 1e-12); // no difference speaks for neither
  assertEquals(p([0, 0, 0]), 1);
});

// Two methods that are right on an example with the same probability, which differs from example to example.
function nobodyIsBetter(trial: number, seeds: number): Case {
  const at = RandomKey.of(trial), length = 120;
  const easy = at.fold("easy").uniforms(length).map((value) => 0.4 + 0.6 * value);
  const labels = Array.from(at.fold("labels").uniforms(length), (value) => value < 0.6 ? 1 : 0);
  const method = (name: string) =>
    Array.from({ length: seeds }, (_, seed) => {
      const luck = at.fold(name).fold(seed).uniforms(length);
      return labels.map((label, line) => luck[line]! < easy[line]! ? label : 1 - label);
    });
  const unknown = { difference: 0, standardError: 0, interval: [0, 0] as const };
  return { metric: "accuracy", labels, first: method("first"), second: method("second"), ...unknown };
}

Deno.test("where no method is better, p-values are spread evenly", () => {
  const trials = 160;
  const values = Array.from({ length: trials }, (_, trial) => {
    const { labels, first, second } = nobodyIsBetter(trial, 1);
    const of = RandomKey.of(trial).fold("draws"), draws = 400;
    const drawn = drawExamples("accuracy", { labels, runs: [...first, ...second], key: of, draws });
    return judgeDifference(differenceOf(drawn.slice(1), drawn.slice(0, 1), { key: of, draws })).p;
  }).toSorted();
  // Kolmogorov and Smirnov's distance; 1.63 / √n is passed by chance once in a hundred times.
  const distance = Math.max(...values.map((p, at) => Math.abs(p - (at + 0.5) / trials)));
  assertLess(distance, 1.63 / Math.sqrt(trials));
  // With the smallest draws the tail is the one that marks a table: 5 % of 160 is 8.
  const marked = values.filter((p) => p < 0.05).length;
  assertGreater(marked, 1);
  assertLess(marked, 18);
});

Deno.test("a method that is better is found, and the order of the two only turns the sign", () => {
  const { labels, first } = nobodyIsBetter(3, 3);
  const second = first.map((row) => row.map((prediction, at) => at % 5 === 0 ? labels[at]! : prediction));
  const better = compared({ metric: "accuracy", labels, first, second });
  const worse = compared({ metric: "accuracy", labels, first: second, second: first });
  assertLess(judgeDifference(better).p, 0.01);
  assertEquals(judgeDifference(better).p, judgeDifference(worse).p);
  assertEquals(better.value, -worse.value);
});

Deno.test("seeds are drawn from three on, together for both methods", () => {
  const labels = Array.from({ length: 400 }, (_, at) => at % 2);
  const wrong = (share: number) => labels.map((label, at) => at < share * 400 ? 1 - label : label);
  // Seeds differ, methods by the same in each: a draw of other seeds for either would spread.
  const first = [0.1, 0.4, 0.7].map(wrong), second = [0.11, 0.41, 0.71].map(wrong);
  assertLess(judgeDifference(compared({ metric: "accuracy", labels, first, second })).standardError, 0.006);
  // Methods differ by the seed: that spreads with three of them, and does not with two.
  const mixed = [0.4, 0.1, 0.9].map(wrong);
  const three = judgeDifference(compared({ metric: "accuracy", labels, first, second: mixed })).standardError;
  const two = judgeDifference(
    compared({ metric: "accuracy", labels, first: first.slice(0, 2), second: mixed.slice(0, 2) }),
  ).standardError;
  assertGreater(three, 0.1);
  assertLess(two, 0.05);
});

Deno.test("undefined coefficients count as 0 and are counted", () => {
  const labels = [1, 2, 3, 4, 5, 6], constant = [2, 2, 2, 2, 2, 2], rare = [2, 2, 2, 2, 2, 3];
  const [never, sometimes] = drawExamples("spearman", { labels, runs: [constant, rare], key, draws: 2000 });
  assertEquals([never!.value, never!.defined, never!.undefined], [0, false, 2000]);
  assert(never!.draws.every((value) => value === 0));
  assert(sometimes!.defined);
  // The sixth example is in no draw, or alone in it: (5/6)^6 + (1/6)^6.
  assertAlmostEquals(sometimes!.undefined / 2000, 0.335, 0.04);
});

Deno.test("the same key gives the same draws, another one others", () => {
  const { labels, first } = nobodyIsBetter(9, 1);
  const draws = (key: RandomKey) => drawExamples("accuracy", { labels, runs: first, key, draws: 50 })[0]!.draws;
  assertEquals(draws(key), draws(RandomKey.of(1)));
  assertNotEquals(draws(key), draws(RandomKey.of(2)));
});

Deno.test("an average's draws are the tasks' means", () => {
  const tasks = [{ value: 1, draws: Float64Array.of(1, 2) }, { value: 3, draws: Float64Array.of(5, 0) }];
  assertEquals(meanDifference(tasks), { value: 2, draws: Float64Array.of(3, 1) });
});
