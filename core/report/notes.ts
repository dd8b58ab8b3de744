/**
 * What is to be known before a table is believed.
 *
 * @module
 */
import type { Json } from "../json.ts";
import { FEWEST_SEEDS } from "../statistics/bootstrap.ts";
import { doneRuns, type ExperimentResults, type RunResult } from "../results/experiment_results.ts";
import { canonical } from "../results/result.ts";
import type { Comparison, Statistics } from "../statistics/compare.ts";
import { counted } from "./numbers.ts";
import { lastPart, setting } from "./setting.ts";
import { isShown, MARKS } from "./results_table.ts";

/** Up to as many, it has to be said that seeds may agree by chance. */
const MANY_SEEDS = 6;

/** Lines under the results table. */
export function notes(evidence: ExperimentResults, statistics: Statistics): string[] {
  const { manifest: { published }, warnings } = evidence;
  return [
    ...warnings,
    ...missing(evidence),
    ...seedNotes(evidence),
    ...sharedRate(evidence),
    ...testNotes(statistics),
    ...undefinedNotes(statistics),
    ...diverged(evidence),
    ...edges(evidence),
    ...published ? [`Published figures: ${published.source}`, ...published.notes] : [],
  ];
}

function missing({ manifest, runs }: ExperimentResults): string[] {
  if (runs.length === manifest.runs.length) return [];
  return [`${runs.length} of ${manifest.runs.length} runs have ended; the rest is not in this report.`];
}

function seedNotes(evidence: ExperimentResults): string[] {
  const rows = Map.groupBy(doneRuns(evidence), ({ model, task, method }) => canonical([model, task, method]));
  const counts = [...rows.values()].map(({ length }) => length);
  if (counts.length === 0) return [];
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  if (most === 1) return ["One seed: differences between methods may be chance, and tests speak of these seeds alone."];
  if (fewest >= FEWEST_SEEDS) return [];
  return [
    `Where there are fewer than ${FEWEST_SEEDS} seeds, tests draw examples alone and speak of these seeds.`,
  ];
}

// Rates of one point of a sweep, where nothing was tuned and all methods have the same.
function sharedRate({ manifest, ...evidence }: ExperimentResults): string[] {
  const runs = doneRuns(evidence);
  if ((manifest.tuned ?? []).length > 0 || new Set(runs.map(({ base }) => base)).size < 2) return [];
  const points = [...Map.groupBy(runs, ({ point }) => canonical(point)).values()];
  const rates = points.map((some) => [...new Set(some.map((run) => rateOf(run, "learningRate")))]);
  if (!rates.every((some) => some.length === 1 && some[0] !== undefined)) return [];
  const factors = [...new Set(runs.map((run) => rateOf(run, "factorLearningRate")))];
  const values = [...new Set(rates.flat())].map(setting);
  return [
    `Compared at one shared rate: nothing was tuned, all methods learn at ${
      values.length === 1
        ? `${values[0]}${factors.length === 1 ? ` (factors ${setting(factors[0])})` : ""}`
        : `the same rate in each comparison (${values.join(", ")})`
    }. A method may be better at a rate of its own.`,
  ];
}

function rateOf({ result: { settings } }: RunResult, name: string): Json | undefined {
  const training = (settings as { training?: { [name: string]: Json } } | null)?.training;
  return training?.[name];
}

function testNotes({ comparisons, baseline, level, power, draws }: Statistics): string[] {
  const tested = comparisons.filter((comparison) => comparison.tested !== undefined);
  const untested = [...new Set(comparisons.flatMap(({ untested }) => untested ?? []))];
  const left = untested.map((reason) =>
    `Not tested: ${counted(comparisons.filter((some) => some.untested === reason).length, "comparison")} (${reason}).`
  );
  if (tested.length === 0) return left;
  const drawn = [...new Set(tested.map(({ drawn }) => drawn))].join(", or ");
  const these = drawn.includes("seeds") ? "" : ", these seeds";
  const seeds = Math.min(...tested.flatMap(({ drawn, seeds }) => drawn === "examples" ? [] : [seeds.length]));
  return [
    `${MARKS.better} better, ${MARKS.worse} worse than ${baseline}: p < ${level} after Holm over ${
      counted(tested.length, "comparison")
    }${these}; ${counted(tested.filter(isShown).length, "is", "are")} marked. Paired bootstrap, ` +
    `${draws.toLocaleString("en")} draws of ${drawn}, the same ones for both methods.`,
    `The smallest difference that this table could have shown (${100 * power} % of the time, at Holm's first step): ` +
    `${smallest(tested).join("; ")}.`,
    ...seeds <= MANY_SEEDS
      ? [
        `Where the luck of a seed makes all of the difference, ${seeds} seeds agree by chance in ${
          Math.round(100 * 2 ** (1 - seeds))
        } % of comparisons, and this test takes that for certain: more seeds are needed to tell.`,
      ]
      : [],
    ...left,
  ];
}

// By task: points, from the easiest comparison to the hardest.
function smallest(tested: readonly Comparison[]): string[] {
  return [...Map.groupBy(tested, ({ task = "average" }) => task)].map(([task, some]) => {
    const sizes = some.map(({ tested }) => 100 * tested!.detectable);
    const [least, most] = [Math.min(...sizes).toFixed(1), Math.max(...sizes).toFixed(1)];
    return `${task} ${least === most ? least : `${least} to ${most}`} points`;
  });
}

function undefinedNotes({ undefined: all, draws }: Statistics): string[] {
  return all.map(({ task, method, seed, always, draws: times }) =>
    `${task}, ${method}, seed ${seed}: ${
      always ? "constant predictions" : `predictions are constant on ${times} of ${draws} draws`
    }; the coefficient is not defined and counts as 0.`
  );
}

function diverged(evidence: ExperimentResults): string[] {
  const runs = doneRuns(evidence).filter(({ result }) => result.diverged);
  if (runs.length === 0) return [];
  const places = runs.map(({ task, method, seed }) => `${task}, ${method}, seed ${seed}`);
  return [`${counted(runs.length, "run")} diverged, counted as the constant prediction left: ${places.join("; ")}.`];
}

function edges({ manifest: { tuned = [] } }: ExperimentResults): string[] {
  return tuned.flatMap(({ task, method, chosen, atEdge }) =>
    atEdge.map((path) =>
      `At the edge of what was tried: ${lastPart(path)} ${setting(chosen[path])} of ${method} on ${task}; ` +
      "the best may lie beyond."
    )
  );
}
