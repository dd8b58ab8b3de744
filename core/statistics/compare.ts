/**
 * The comparisons of an experiment's methods.
 *
 * @module
 */
import { doneRuns, type ExperimentResults, primaryOf, type RunResult } from "../results/experiment_results.ts";
import { canonical } from "../results/result.ts";
import { type Contrast, contrastsOf } from "./contrasts.ts";
import { type Contributions, readContributions, type UnconfirmedRun } from "./stored_contributions.ts";
import { averageDifference, type Difference, estimateDifference, meanOf } from "./difference.ts";
import { ErrorDistribution, FEWEST_SEEDS } from "./error_distribution.ts";
import { holm } from "./holm.ts";

/** A comparison whose adjusted p-value is below is marked in the table. */
export const LEVEL = 0.05;

/** The probability with which a comparison finds a difference as large as {@linkcode Bounds.detectable}. */
const POWER = 0.8;

/** What the data say of the true difference, as fractions. */
export interface Bounds {
  /** Two-sided, at 95 %. */
  readonly interval: readonly [number, number];
  /** The method is better by no more than this, one-sided, at 95 %. */
  readonly atMost: number;
  /**
   * The smallest true difference that this comparison would have found with the probability `POWER` at the first, hardest
   * step of Holm: `q(LEVEL / 2m) + q(1 − POWER)` of `m` comparisons, `q` the distance that the error exceeds.
   */
  readonly detectable: number;
}

/** The test of a comparison. */
export interface Tested {
  /** Two-sided. */
  readonly p: number;
  /** p after Holm over all tested comparisons of the table. */
  readonly adjusted: number;
  /** Absent if all predictions of both methods are equal: then nothing is known of other examples. */
  readonly bounds?: Bounds;
}

/** One method against another, on one task or on the average of all. */
export interface Comparison {
  readonly model: string;
  /** Absent: the average over tasks. */
  readonly task?: string;
  /** Label of its row. */
  readonly method: string;
  /** The same; with the model, `fine-tuning of bert-base`, where that is another. */
  readonly reference: string;
  /** Whether that is the experiment's baseline. */
  readonly withBaseline: boolean;
  /** Seeds that both have; a run is paired with the run of the same seed. */
  readonly seeds: readonly number[];
  /** Method minus reference, as a fraction. */
  readonly difference: number;
  readonly tested?: Tested;
  /** Why it was not tested. */
  readonly untested?: string;
}

/** A run whose primary metric is undefined, such as a correlation of constant predictions; it counts as 0. */
export interface UndefinedRun {
  readonly model: string;
  readonly task: string;
  readonly method: string;
  readonly seed: number;
}

/** The differences between an experiment's methods. */
export interface Statistics {
  readonly baseline: string;
  readonly contrasts: readonly Contrast[];
  readonly level: number;
  readonly power: number;
  readonly comparisons: readonly Comparison[];
  readonly undefined: readonly UndefinedRun[];
  readonly unconfirmed: readonly UnconfirmedRun[];
}

/**
 * Compares methods at the same point of a sweep, on each task and on their average; with `modelContrasts`, also methods of one
 * model and the next.
 */
export async function compare(results: ExperimentResults): Promise<Statistics> {
  const runs = doneRuns(results);
  const { baseline, modelContrasts = [] } = results.manifest;
  const contributions = new Map<string, Contributions>();
  const unconfirmed: UnconfirmedRun[] = [];
  // Only the same examples can be compared, so that models that are compared have to be looked at together.
  const setOf = ({ model, task }: RunResult) => canonical(modelContrasts.length > 0 ? [task] : [model, task]);
  for (const group of Map.groupBy(runs, setOf).values()) {
    const read = await readContributions(group, results);
    for (const [id, values] of read.contributions) contributions.set(id, values);
    unconfirmed.push(...read.unconfirmed);
  }
  const contrasts = contrastsOf(results);
  const models = [...new Set(results.manifest.runs.map(({ model }) => model))];
  const tasks = new Set(runs.map(({ task }) => task)).size;
  const rows = Map.groupBy(runs, ({ model, method }) => canonical([model, method])).values();
  const estimated = [...rows].flatMap((row) => {
    const { model, base } = row[0]!;
    const referencesIn = (pairs: readonly Contrast[], other: string | undefined) =>
      pairs.filter(([method]) => method === base).map(([, reference]) => ({ reference, other }));
    const references = [
      ...referencesIn(contrasts, model),
      ...referencesIn(modelContrasts, models[models.indexOf(model) + 1]),
    ];
    return references.flatMap(({ reference, other }) => {
      const candidates = runs.filter((run) => run.base === reference && run.model === other);
      const byTask = [...Map.groupBy(row, ({ task }) => task).values()].flatMap((group) => {
        const pairs = pairRuns(group, candidates);
        return pairs.length > 0 ? [{ pairs, comparison: estimate(pairs, contributions) }] : [];
      });
      const all = [...byTask.map(({ comparison }) => comparison), ...estimateAverage(byTask, { tasks, contributions })];
      return all.map((comparison) => ({ ...comparison, withBaseline: other === model && reference === baseline }));
    });
  });
  return {
    baseline,
    contrasts,
    level: LEVEL,
    power: POWER,
    comparisons: testAll(estimated),
    undefined: runs.filter(({ result: { metrics, primary } }) => !Number.isFinite(metrics[primary]))
      .map(({ model, task, method, seed }) => ({ model, task, method, seed })),
    unconfirmed,
  };
}

/** The runs of one seed: a method's and its reference's. */
type Pair = readonly [RunResult, RunResult];

// A method's runs on one task with the reference's of the same seeds: at the same point of a sweep, or at the only one.
function pairRuns(runs: readonly RunResult[], references: readonly RunResult[]): Pair[] {
  const { task, point } = runs[0]!;
  const all = references.filter((run) => run.task === task);
  const samePoint = all.filter((run) => keyOfPoint(run.point) === keyOfPoint(point));
  const onlyPoint = new Set(all.map(({ method }) => method)).size === 1 ? all : [];
  const bySeed = new Map((samePoint.length > 0 ? samePoint : onlyPoint).map((run) => [run.seed, run]));
  return runs.flatMap((run): Pair[] => bySeed.has(run.seed) ? [[run, bySeed.get(run.seed)!]] : []);
}

// Each method's runs are compared with all runs of its reference: their points are written out once.
const pointKeys = new WeakMap<RunResult["point"], string>();
const keyOfPoint = (point: RunResult["point"]): string => pointKeys.getOrInsertComputed(point, () => canonical(point));

interface Estimated extends Omit<Comparison, "tested" | "withBaseline"> {
  readonly estimate?: Difference;
}

function estimate(pairs: readonly Pair[], contributions: ReadonlyMap<string, Contributions>): Estimated {
  const [{ model, task, method }, other] = pairs[0]!;
  const reference = other.model === model ? other.method : `${other.method} of ${other.model}`;
  const values = pairs.map((pair) => primaryOf(pair[0]) - primaryOf(pair[1]));
  const about = { model, task, method, reference, seeds: seedsOf(pairs), difference: meanOf({ values }) };
  const ofRuns = pairs.map((pair) => pair.map(({ id }) => contributions.get(id)!));
  const reason = ofRuns.flat().find((values) => typeof values === "string") ?? tooFewSeeds(pairs.length);
  if (reason !== undefined) return { ...about, untested: reason as string };
  const paired = ofRuns.map((pair, seed) => {
    const [first, second] = pair as [readonly number[], readonly number[]];
    return { value: values[seed]!, contributions: first.map((value, example) => value - second[example]!) };
  });
  return { ...about, estimate: estimateDifference(paired) };
}

const seedsOf = (pairs: readonly Pair[]): number[] => pairs.map(([{ seed }]) => seed);

const tooFewSeeds = (seeds: number): string | undefined =>
  seeds < FEWEST_SEEDS
    ? `${seeds === 1 ? "one seed does" : `${seeds} seeds do`} not say how much seeds vary: a test needs ${FEWEST_SEEDS}`
    : undefined;

// Over the seeds that all tasks have; none if the method lacks a task.
function estimateAverage(
  byTask: readonly { readonly pairs: readonly Pair[]; readonly comparison: Estimated }[],
  { tasks, contributions }: { readonly tasks: number; readonly contributions: ReadonlyMap<string, Contributions> },
): Estimated[] {
  if (tasks < 2 || byTask.length < tasks) return [];
  const { model, method, reference, seeds: first } = byTask[0]!.comparison;
  const seeds = first.filter((seed) => byTask.every(({ comparison }) => comparison.seeds.includes(seed)));
  if (seeds.length === 0) return [];
  const shared = byTask.map(({ pairs }) =>
    estimate(
      pairs.filter(([{ seed }]) => seeds.includes(seed)).toSorted(([a], [b]) => a.seed - b.seed),
      contributions,
    )
  );
  const difference = shared.reduce((sum, { difference }) => sum + difference, 0) / tasks;
  const about = { model, method, reference, seeds, difference };
  const estimates = shared.flatMap(({ estimate }) => estimate ?? []);
  const untested = tooFewSeeds(seeds.length) ?? (estimates.length < tasks ? "one of its tasks was not" : undefined);
  return [untested !== undefined ? { ...about, untested } : { ...about, estimate: averageDifference(estimates) }];
}

// Tests all comparisons of a table together.
function testAll(estimated: readonly (Estimated & Pick<Comparison, "withBaseline">)[]): Comparison[] {
  const tests = estimated.map(({ estimate, difference }) => {
    if (!estimate) return undefined;
    const error = new ErrorDistribution(estimate);
    return { error, p: error.isZero ? 1 : Math.max(Number.EPSILON, 2 * error.tail(Math.abs(difference))) };
  });
  const values = tests.flatMap((test) => test ? [test.p] : []);
  const adjusted = holm(values);
  return estimated.map(({ estimate: _, ...comparison }, index) => {
    const test = tests[index];
    if (!test) return comparison;
    const { p, error } = test;
    const bounds = error.isZero ? {} : { bounds: boundsOf(comparison.difference, { error, count: values.length }) };
    return { ...comparison, tested: { p, adjusted: adjusted.shift()!, ...bounds } };
  });
}

function boundsOf(difference: number, { error, count }: { error: ErrorDistribution; count: number }): Bounds {
  const half = error.quantile(0.025);
  return {
    interval: [difference - half, difference + half],
    atMost: difference + error.quantile(0.05),
    detectable: error.quantile(LEVEL / 2 / count) + error.quantile(1 - POWER),
  };
}
