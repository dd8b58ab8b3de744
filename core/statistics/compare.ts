/**
 * Each method of an experiment against its baseline.
 *
 * @module
 */
import { probit } from "simple-statistics";
import { RandomKey } from "../random.ts";
import type { MetricName } from "../task.ts";
import {
  type Difference,
  differenceOf,
  drawExamples,
  type DrawnRun,
  DRAWS,
  FEWEST_SEEDS,
  judgeDifference,
  type Judgement,
  meanDifference,
} from "./bootstrap.ts";
import {
  doneRuns,
  type ExperimentResults,
  primaryOf,
  readPredictions,
  type RunResult,
} from "../results/experiment_results.ts";
import { holm } from "./holm.ts";
import type { Prediction } from "../results/predictions.ts";
import { canonical } from "../results/result.ts";

/** Below it, a comparison is marked in the table. */
export const LEVEL = 0.05;

/** The probability with which the smallest difference that a table could have shown would have been shown. */
export const POWER = 0.8;

/** What was tested of a comparison; fractions, not percent. */
export interface Tested extends Judgement {
  /** p after Holm over all tested comparisons of the table. */
  readonly adjusted: number;
  /**
   * The smallest difference that the table could have shown here: one this large passes the first, hardest step of Holm
   * (`LEVEL` over the number of comparisons) with the probability `POWER`, were the draws' standard error the true one and
   * the difference normal: `(z(1 − LEVEL / 2m) + z(POWER)) · standardError`.
   */
  readonly detectable: number;
}

/** One method against the baseline, on one task or over all of them. */
export interface Comparison {
  readonly model: string;
  /** Absent: the average over tasks. */
  readonly task?: string;
  /** Labels of their rows. */
  readonly method: string;
  readonly baseline: string;
  /** Those that both have; each run of one is paired with the other's of the same seed. */
  readonly seeds: readonly number[];
  /** What each draw draws: with fewer than three seeds the examples alone, and the test speaks of these seeds. */
  readonly drawn: "seeds and examples" | "examples";
  /** Method less baseline. */
  readonly difference: number;
  readonly tested?: Tested;
  /** Why it was not tested. */
  readonly untested?: string;
}

/** A run whose coefficient was not defined (constant predictions), on the examples or on some draws: counted as 0. */
export interface Undefined {
  readonly model: string;
  readonly task: string;
  readonly method: string;
  readonly seed: number;
  /** On the examples as they are. */
  readonly always: boolean;
  /** On how many draws. */
  readonly draws: number;
}

/** What can be said of an experiment's differences. */
export interface Statistics {
  readonly baseline: string;
  readonly level: number;
  readonly power: number;
  readonly draws: number;
  readonly comparisons: readonly Comparison[];
  readonly undefined: readonly Undefined[];
}

/** Compares each method with the experiment's baseline at the same point of a sweep. Always the same for the same runs. */
export async function compare(
  evidence: ExperimentResults,
  { draws = DRAWS }: { draws?: number } = {},
): Promise<Statistics> {
  const runs = doneRuns(evidence);
  const key = RandomKey.of(0).fold("comparisons");
  const drawn = new Map<string, Drawn>();
  const tasks = Map.groupBy(runs, ({ task }) => task);
  for (const [task, some] of tasks) {
    for (const [id, found] of await drawTask(some, { evidence, key: key.fold(task), draws })) drawn.set(id, found);
  }
  const rows = Map.groupBy(runs, ({ model, method }) => canonical([model, method]));
  const compared = [...rows.values()].flatMap((row) => {
    const found = [...Map.groupBy(row, ({ task }) => task)].flatMap(([task, some]) => {
      const pair = pairOf(some, { runs, evidence });
      return pair ? [pairCompared(pair, { drawn, key: key.fold(task), draws })] : [];
    });
    const average = averageOf(found, tasks.size);
    return average ? [...found, average] : found;
  });
  return {
    baseline: evidence.manifest.baseline,
    level: LEVEL,
    power: POWER,
    draws,
    comparisons: tested(compared),
    undefined: runs.flatMap(({ id, model, task, method, seed }) => {
      const found = drawn.get(id);
      if (!found || typeof found === "string" || found.undefined === 0) return [];
      return [{ model, task, method, seed, always: !found.defined, draws: found.undefined }];
    }),
  };
}

/** A run's draws, or why there are none. */
type Drawn = DrawnRun | string;

const METRICS: readonly string[] = ["accuracy", "f1", "matthews", "pearson", "spearman"] satisfies MetricName[];

// The draws of all runs of one task, by id.
async function drawTask(
  runs: readonly RunResult[],
  { evidence, key, draws }: { readonly evidence: ExperimentResults; readonly key: RandomKey; readonly draws: number },
): Promise<Map<string, Drawn>> {
  const drawn = new Map<string, Drawn>();
  const read: { run: RunResult; predictions: readonly Prediction[] }[] = [];
  for (const run of new Map(runs.map((run) => [run.id, run])).values()) {
    const predictions = await readPredictions(evidence, run);
    if (typeof predictions === "string") drawn.set(run.id, predictions);
    else read.push({ run, predictions });
  }
  // A run on other examples cannot be paired; most decide which are meant.
  const sets = Map.groupBy(
    read,
    ({ run: { result: { primary } }, predictions }) =>
      canonical([primary, predictions.map(({ index, label }) => [index, label])]),
  ).values().toArray();
  const most = Math.max(0, ...sets.map(({ length }) => length));
  const meant = sets.find(({ length }) => length === most);
  for (const set of sets) {
    const { primary } = set[0]!.run.result;
    if (set !== meant) { for (const { run } of set) drawn.set(run.id, "a run was judged on other examples"); }
    else if (!METRICS.includes(primary)) {
      for (const { run } of set) drawn.set(run.id, `"${primary}" is not known here`);
    } else {
      const labels = set[0]!.predictions.map(({ label }) => label);
      const answers = set.map(({ predictions }) => predictions.map(({ prediction }) => prediction));
      const found = drawExamples(primary as MetricName, { labels, runs: answers, key, draws });
      set.forEach(({ run }, at) => drawn.set(run.id, asItWasJudged(run, found[at]!)));
    }
  }
  return drawn;
}

// A task may mean another thing by a metric's name (F1 over all classes): then its draws would be of another thing.
function asItWasJudged(run: RunResult, found: DrawnRun): Drawn {
  if (Math.abs(found.value - primaryOf(run)) < 1e-6) return found;
  return `this task's ${run.result.primary} is not the one that is known here`;
}

interface Pair {
  readonly first: readonly RunResult[];
  readonly second: readonly RunResult[];
}

// A method's runs on one task, with the baseline's of the same seeds; nothing for the baseline itself.
function pairOf(
  some: readonly RunResult[],
  { runs, evidence: { manifest: asked } }: {
    readonly runs: readonly RunResult[];
    readonly evidence: ExperimentResults;
  },
): Pair | undefined {
  const { model, task, base, point } = some[0]!;
  if (base === asked.baseline) return undefined;
  const others = runs.filter((run) => run.model === model && run.task === task && run.base === asked.baseline);
  const same = others.filter((run) => canonical(run.point) === canonical(point));
  const only = new Set(others.map(({ method }) => method)).size === 1 ? others : [];
  const baseline = new Map((same.length > 0 ? same : only).map((run) => [run.seed, run]));
  const first = some.filter(({ seed }) => baseline.has(seed));
  return first.length > 0 ? { first, second: first.map(({ seed }) => baseline.get(seed)!) } : undefined;
}

interface Compared extends Omit<Comparison, "tested"> {
  readonly drawnDifference?: Difference;
}

function pairCompared(
  { first, second }: Pair,
  { drawn, key, draws }: { drawn: ReadonlyMap<string, Drawn>; key: RandomKey; draws: number },
): Compared {
  const { model, task, method } = first[0]!;
  const differences = first.map((run, at) => primaryOf(run) - primaryOf(second[at]!));
  const about = {
    model,
    task,
    method,
    baseline: second[0]!.method,
    seeds: first.map(({ seed }) => seed),
    drawn: first.length >= FEWEST_SEEDS ? "seeds and examples" as const : "examples" as const,
    difference: differences.reduce((sum, difference) => sum + difference, 0) / differences.length,
  };
  const [a, b] = [first, second].map((runs) => runs.map(({ id }) => drawn.get(id)!)) as [Drawn[], Drawn[]];
  const reason = [...a, ...b].find((found) => typeof found === "string");
  if (typeof reason === "string") return { ...about, untested: reason };
  return { ...about, drawnDifference: differenceOf(a as DrawnRun[], b as DrawnRun[], { key, draws }) };
}

// Over all tasks of the experiment, or nothing where the method lacks one.
function averageOf(compared: readonly Compared[], tasks: number): Compared | undefined {
  if (tasks < 2 || compared.length < tasks) return undefined;
  const [{ model, method, baseline }] = compared as [Compared];
  const seeds = compared.map((comparison) => comparison.seeds);
  const about = {
    model,
    method,
    baseline,
    seeds: seeds[0]!.filter((seed) => seeds.every((some) => some.includes(seed))),
    drawn: compared.every(({ drawn }) => drawn !== "examples") ? "seeds and examples" as const : "examples" as const,
    difference: compared.reduce((sum, { difference }) => sum + difference, 0) / tasks,
  };
  const differences = compared.flatMap(({ drawnDifference }) => drawnDifference ?? []);
  if (differences.length < tasks) return { ...about, untested: "a task of it could not be" };
  return { ...about, drawnDifference: meanDifference(differences) };
}

// Judges all comparisons of a table together.
function tested(compared: readonly Compared[]): Comparison[] {
  const judged = compared.map(({ drawnDifference }) => drawnDifference && judgeDifference(drawnDifference));
  const values = judged.flatMap((judgement) => judgement ? [judgement.p] : []);
  const adjusted = holm(values);
  const factor = probit(1 - LEVEL / 2 / Math.max(1, values.length)) + probit(POWER);
  return compared.map(({ drawnDifference: _, ...comparison }, at) => {
    const judgement = judged[at];
    if (!judgement) return comparison;
    const detectable = factor * judgement.standardError;
    return { ...comparison, tested: { ...judgement, adjusted: adjusted.shift()!, detectable } };
  });
}
