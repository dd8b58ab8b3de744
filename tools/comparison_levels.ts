/**
 * How often comparisons find a difference: by chance if the methods are equal, and if they differ. Made-up runs of two
 * methods, by metric, number of seeds and how much seeds vary:
 *
 * ```sh
 * deno run --allow-env --allow-sys tools/comparison_levels.ts --trials 20000
 * ```
 *
 * The table stands in `docs/statistics.md`.
 *
 * @module
 */
import type { Metric } from "@opf/framework";
import { accuracy, f1, matthews, spearman } from "@opf/framework/tasks";
import { parseArgs } from "@std/cli/parse-args";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { print } from "../core/cli/output.ts";
import { estimateDifference, meanOf, sampleVariance } from "../core/statistics/difference.ts";
import { ErrorDistribution, FEWEST_SEEDS, normalTail } from "../core/statistics/error_distribution.ts";

/** The metrics that the table has. */
const METRICS: readonly Metric[] = [accuracy, f1, matthews, spearman];

/** A level that p-values are held to: alone, and at Holm's first step of 5 and of 24 comparisons. */
export const LEVELS: readonly number[] = [0.05, 0.05 / 5, 0.05 / 24];

/** What is simulated. */
export interface Setting {
  readonly metric: Metric;
  readonly seeds: number;
  /** Standard deviation of the metric between seeds, on infinitely many examples; a fraction. */
  readonly deviation: number;
  /** True difference of the methods; a fraction. */
  readonly effect: number;
  /** @default 400 */
  readonly examples?: number;
  readonly trials: number;
  readonly random: Random;
}

/** Shares of trials with a p-value below each of {@linkcode LEVELS}. */
export interface Rates {
  /** Of the test that reports use; none of fewer seeds than it needs. */
  readonly found?: readonly number[];
  /** Of the same variance with Satterthwaite's degrees of freedom. */
  readonly satterthwaite?: readonly number[];
  /** Of a normal test whose variance is that of the examples alone. */
  readonly examplesOnly: readonly number[];
}

/** Random numbers of one seed. */
export class Random {
  readonly #generator;
  #spare: number | undefined;

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** Between 0 and 1. */
  uniform(): number {
    return ((this.#generator.next() >>> 0) + 0.5) / 2 ** 32;
  }

  /** Of mean 0 and deviation 1. */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(this.uniform())), angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

/** Examples, and how hard each is for each of two methods. */
interface Examples {
  readonly labels: readonly number[];
  readonly ease: readonly (readonly number[])[];
}

/** Deviation of what makes an example easy for one method alone, relative to what makes it easy for both. */
const OWN_EASE = 0.7;

const isCorrelation = ({ name }: Metric) => name === "spearman";

function drawExamples(metric: Metric, { count, random }: { count: number; random: Random }): Examples {
  const labels = Array.from(
    { length: count },
    () => isCorrelation(metric) ? random.normal() : random.uniform() < 0.6 ? 1 : 0,
  );
  const both = labels.map(() => random.normal());
  return { labels, ease: [0, 1].map(() => both.map((ease) => ease + OWN_EASE * random.normal())) };
}

// Classes are right with a probability that rises with skill and ease; numbers follow their labels with errors.
function predict(
  metric: Metric,
  { labels, ease, skill, random }: {
    labels: Examples["labels"];
    ease: readonly number[];
    skill: number;
    random: Random;
  },
): number[] {
  if (isCorrelation(metric)) {
    return labels.map((label, index) => skill * label + 0.35 * ease[index]! + 0.35 * random.normal());
  }
  return labels.map((label, index) =>
    random.uniform() * (1 + Math.exp(-1.7 * (skill + ease[index]!))) < 1 ? label : 1 - label
  );
}

const USUAL_SKILL = (metric: Metric) => isCorrelation(metric) ? 0.9 : 1.4;

/** The metric on very many examples, by skill. */
function expectedMetric(metric: Metric): (skill: number) => number {
  const random = new Random(1), [low, high, points] = [-6, 10, 97];
  const { labels, ease } = drawExamples(metric, { count: 8000, random });
  const values = Array.from({ length: points }, (_, point) => {
    const skill = low + (high - low) * point / (points - 1);
    return metric.compute(predict(metric, { labels, ease: ease[0]!, skill, random: new Random(2) }), labels);
  });
  return (skill) => {
    const place = Math.min(points - 1.001, Math.max(0, (skill - low) / (high - low) * (points - 1)));
    const point = Math.floor(place), part = place - point;
    return (1 - part) * values[point]! + part * values[point + 1]!;
  };
}

const curves = new Map<string, (skill: number) => number>();

/** The deviation of skill between seeds, and the first method's lead in skill, that give what a setting says. */
function calibrate({ metric, deviation, effect }: Pick<Setting, "metric" | "deviation" | "effect">) {
  const expected = curves.getOrInsertComputed(metric.name, () => expectedMetric(metric));
  const random = new Random(3), normals = Array.from({ length: 2000 }, () => random.normal());
  const skill = USUAL_SKILL(metric);
  const values = (deviation: number, lead = 0) => normals.map((z) => expected(skill + lead + deviation * z));
  const ofSkill = root((x) => Math.sqrt(sampleVariance(values(x))), { value: deviation, high: 6 });
  const base = meanOf({ values: values(ofSkill) });
  return { ofSkill, lead: root((x) => meanOf({ values: values(ofSkill, x) }) - base, { value: effect, high: 6 }) };
}

// Where a rising function has a value.
function root(of: (x: number) => number, { value, high }: { value: number; high: number }): number {
  if (value === 0) return 0;
  let low = 0;
  for (let halving = 0; halving < 40; halving++) {
    const middle = (low + high) / 2;
    if (of(middle) < value) low = middle;
    else high = middle;
  }
  return high;
}

/** Simulates one setting. */
export function simulate(setting: Setting): Rates {
  const { metric, seeds, trials, examples = 400, random } = setting;
  const { ofSkill, lead } = calibrate(setting);
  const counts = { found: LEVELS.map(() => 0), satterthwaite: LEVELS.map(() => 0), examplesOnly: LEVELS.map(() => 0) };
  const count = (of: number[], p: number) => LEVELS.forEach((level, index) => of[index]! += p < level ? 1 : 0);
  for (let trial = 0; trial < trials; trial++) {
    const { labels, ease } = drawExamples(metric, { count: examples, random });
    const run = (method: 0 | 1) => {
      const skill = USUAL_SKILL(metric) + (method === 0 ? lead : 0) + ofSkill * random.normal();
      const predictions = predict(metric, { labels, ease: ease[method]!, skill, random });
      return { value: metric.compute(predictions, labels), contributions: metric.perExample!(predictions, labels) };
    };
    const difference = estimateDifference(Array.from({ length: seeds }, () => {
      const [first, second] = [run(0), run(1)];
      const contributions = first.contributions.map((value, index) => value - second.contributions[index]!);
      return { value: first.value - second.value, contributions };
    }));
    const distance = Math.abs(meanOf(difference));
    count(counts.examplesOnly, 2 * studentTail(distance / Math.sqrt(difference.ofExamples), examples - 1));
    if (seeds < FEWEST_SEEDS) continue;
    count(counts.found, 2 * new ErrorDistribution(difference).tail(distance));
    const ofSeeds = sampleVariance(difference.values) / seeds, ofExamples = difference.ofSharedExamples;
    const freedom = (ofSeeds + ofExamples) ** 2 / (ofSeeds ** 2 / (seeds - 1) + ofExamples ** 2 / (examples - 1));
    count(counts.satterthwaite, 2 * studentTail(distance / Math.sqrt(ofSeeds + ofExamples), freedom));
  }
  const rates = (of: readonly number[]) => of.map((count) => count / trials);
  return {
    examplesOnly: rates(counts.examplesOnly),
    ...seeds >= FEWEST_SEEDS && { found: rates(counts.found), satterthwaite: rates(counts.satterthwaite) },
  };
}

const STEP = 0.05;

// Student's t, as a normal distribution whose variance is that of χ².
function studentTail(t: number, freedom: number): number {
  if (freedom > 300) return normalTail(t);
  let [sum, total] = [0, 0];
  for (let node = -60 / freedom; node < Math.log(freedom + 12 * Math.sqrt(2 * freedom) + 60); node += STEP) {
    const density = Math.exp(freedom / 2 * node - Math.exp(node) / 2);
    sum += density * normalTail(t * Math.sqrt(Math.exp(node) / freedom));
    total += density;
  }
  return sum / total;
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["trials", "metric"], default: { trials: "20000" } });
  const trials = Number(options.trials);
  const times = (rates: readonly number[]) =>
    rates.map((rate, index) => (rate / LEVELS[index]!).toFixed(2)).join(" / ");
  const shares = (rates: readonly number[]) => rates.map((rate) => (100 * rate).toFixed(0)).join(" / ");
  print(
    "| metric | deviation of seeds | seeds | false finds | by Satterthwaite | by examples alone | power at 5 points, % |",
  );
  print("| --- | --- | --- | --- | --- | --- | --- |");
  for (const metric of METRICS.filter(({ name }) => (options.metric ?? name) === name)) {
    for (const deviation of [0, 0.03, 0.06, 0.15]) {
      for (const seeds of [1, 2, 3, 5, 10]) {
        const setting = { metric, seeds, deviation };
        const none = simulate({ ...setting, effect: 0, trials, random: new Random(100 + seeds) });
        const power = simulate({
          ...setting,
          effect: 0.05,
          trials: Math.ceil(trials / 10),
          random: new Random(200 + seeds),
        });
        print(
          `| ${metric.name} | ${100 * deviation} | ${seeds} | ${none.found ? times(none.found) : "not tested"} | ${
            none.satterthwaite ? times(none.satterthwaite) : "–"
          } | ${times(none.examplesOnly)} | ${power.found ? shares(power.found) : "–"} |`,
        );
      }
    }
  }
}
