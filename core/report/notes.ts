/**
 * What to know before believing a table.
 *
 * @module
 */
import type { Json } from "../json.ts";
import { doneRuns, type ExperimentResults, type RunResult } from "../results/experiment_results.ts";
import { canonical } from "../results/result.ts";
import type { Comparison, Statistics } from "../statistics/compare.ts";
import { counted } from "./numbers.ts";
import { lastPart, setting } from "./setting.ts";
import { isMatched, MATCHED_RANGE, matchedMovements } from "./movement.ts";
import { isShown, MARKS, NOT_MATCHED } from "./results_table.ts";

/** Runs that a note lists. */
const MAX_LISTED = 5;

/** The notes under the results table. */
export function notes(experiment: ExperimentResults, statistics: Statistics): string[] {
  const { manifest: { published }, warnings } = experiment;
  return [
    ...warnings,
    ...missing(experiment),
    ...unconfirmedNotes(statistics),
    ...sharedRate(experiment),
    ...testNotes(statistics),
    ...undefinedNotes(statistics),
    ...diverged(experiment),
    ...unlabeled(experiment),
    ...unmatched(experiment),
    ...edges(experiment),
    ...published ? [`Published scores: ${published.source}`, ...published.notes] : [],
  ];
}

function missing({ manifest, runs }: ExperimentResults): string[] {
  if (runs.length === manifest.runs.length) return [];
  const have = runs.length === 1 ? "has" : "have";
  return [`${runs.length} of ${manifest.runs.length} runs ${have} ended; the others are not in this report.`];
}

// Files that were damaged or edited since.
function unconfirmedNotes({ unconfirmed: runs }: Statistics): string[] {
  if (runs.length === 0) return [];
  const listed = runs.slice(0, MAX_LISTED).map(({ id, problem }) => `${id} (${problem})`);
  const more = runs.length - listed.length;
  return [
    `Predictions do not confirm the scores of ${counted(runs.length, "run")}, which the same deno task reproduce ` +
    `repeats: ${listed.join("; ")}${more > 0 ? `; and ${more} more` : ""}.`,
  ];
}

// The rates of each point of a sweep, if nothing was tuned and all methods share them.
function sharedRate({ manifest, ...experiment }: ExperimentResults): string[] {
  const runs = doneRuns(experiment);
  if ((manifest.tuned ?? []).length > 0 || new Set(runs.map(({ base }) => base)).size < 2) return [];
  const points = [...Map.groupBy(runs, ({ point }) => canonical(point)).values()];
  const rates = points.map((group) => [...new Set(group.map((run) => rateOf(run, "learningRate")))]);
  if (!rates.every((values) => values.length === 1 && values[0] !== undefined)) return [];
  const factors = [...new Set(runs.map((run) => rateOf(run, "factorLearningRate")))];
  const values = [...new Set(rates.flat())].map(setting);
  return [
    `Compared at a shared learning rate: nothing was tuned, all methods train at ${
      values.length === 1
        ? `${values[0]}${factors.length === 1 ? ` (factors ${setting(factors[0])})` : ""}`
        : `the same rate in each comparison (${values.join(", ")})`
    }. A method may do better at a rate of its own.`,
  ];
}

function rateOf({ result: { settings } }: RunResult, name: string): Json | undefined {
  const training = (settings as { training?: { [name: string]: Json } } | null)?.training;
  return training?.[name];
}

function testNotes({ comparisons, baseline, level, power }: Statistics): string[] {
  const tested = comparisons.filter((comparison) => comparison.tested !== undefined);
  const untested = Map.groupBy(
    comparisons.filter(({ untested }) => untested !== undefined),
    ({ untested }) => untested!,
  );
  const notTested = [...untested].map(([reason, group]) =>
    `Not tested: ${counted(group.length, "comparison")} (${reason}).`
  );
  if (tested.length === 0) return notTested;
  return [
    `${MARKS.better} better, ${MARKS.worse} worse than ${baseline}: p < ${level} after Holm over ${
      counted(tested.length, "comparison")
    }, ${counted(tested.filter(isShown).length, "of which is significant", "of which are significant")}. ` +
    "Runs are paired by seed; seeds and examples both count as samples.",
    `The smallest difference that this table could have shown (${100 * power} % of the time, at Holm's first step): ` +
    `${smallest(tested).join("; ")}.`,
    ...notTested,
  ];
}

// By task, and by model if there are several: points, from the easiest comparison to the hardest.
function smallest(tested: readonly Comparison[]): string[] {
  const several = new Set(tested.map(({ model }) => model)).size > 1;
  const nameOf = ({ model, task = "average" }: Comparison) => several ? `${model}, ${task}:` : task;
  return [...Map.groupBy(tested, nameOf)].map(([task, group]) => {
    const sizes = group.flatMap(({ tested }) => tested?.bounds ? [100 * tested.bounds.detectable] : []);
    if (sizes.length === 0) return `${task} cannot say (all predictions are equal)`;
    const [least, most] = [Math.min(...sizes).toFixed(1), Math.max(...sizes).toFixed(1)];
    return `${task} ${least === most ? least : `${least} to ${most}`} points`;
  });
}

function undefinedNotes({ undefined: runs }: Statistics): string[] {
  return runs.map(({ model, task, method, seed }) =>
    `${model}, ${task}, ${method}, seed ${seed}: the metric is undefined, as of constant predictions, and counts as 0.`
  );
}

function diverged(experiment: ExperimentResults): string[] {
  const runs = doneRuns(experiment).filter(({ result }) => result.diverged);
  if (runs.length === 0) return [];
  const places = runs.map(({ model, task, method, seed }) => `${model}, ${task}, ${method}, seed ${seed}`);
  return [`${counted(runs.length, "run")} diverged, and count as the constant prediction: ${places.join("; ")}.`];
}

// How models that answer in words chose their answers, and how many of the texts that they generated are no label.
function unlabeled(experiment: ExperimentResults): string[] {
  const runs = doneRuns(experiment);
  const generating = runs.filter(({ result }) => result.unlabeledAnswers !== undefined);
  const ranking = runs.filter(({ result }) => decodeOf(result.settings) === "rank");
  const none = generating.filter(({ result }) => result.unlabeledAnswers! > 0);
  const places = none.map(({ model, task, method, seed, result: { unlabeledAnswers } }) =>
    `${unlabeledAnswers} of ${model}, ${task}, ${method}, seed ${seed}`
  );
  return [
    ...ranking.length > 0
      ? [`${counted(ranking.length, "run")} answered with the label's word of the largest log-probability.`]
      : [],
    ...generating.length > 0
      ? [
        `${
          counted(generating.length, "run")
        } answered by generating text, greedily; texts that are no label count as wrong: ` +
        `${places.length > 0 ? places.join("; ") : "none"}.`,
      ]
      : [],
  ];
}

function decodeOf(settings: Json): Json | undefined {
  type Stored = { readonly task?: { readonly options?: { readonly words?: { readonly decode?: Json } } } };
  return (settings as Stored | null)?.task?.options?.words?.decode;
}

// The ratios that matched controls reached, and the runs in which they are not matched.
function unmatched(results: ExperimentResults): string[] {
  const pairs = Map.groupBy(
    matchedMovements(results),
    ({ run, reference }) => JSON.stringify([run.method, reference.method]),
  );
  return [...pairs.values()].map((group) => {
    const { run, reference } = group[0]!;
    const ratios = group.map(({ ratio }) => ratio);
    const [least, most] = [Math.min(...ratios).toFixed(2), Math.max(...ratios).toFixed(2)];
    const off = group.filter((movement) => !isMatched(movement)).map(({ run: { model, task, seed }, ratio }) =>
      `${model}, ${task}, seed ${seed} (${ratio.toFixed(2)})`
    );
    const { least: low, most: high } = MATCHED_RANGE;
    return `${run.method} moved its matrices ${least === most ? least : `${least} to ${most}`} times as far as ` +
      `${reference.method}` +
      (off.length > 0 ? `; ${NOT_MATCHED} not matched (outside ${low} to ${high}): ${off.join("; ")}.` : ".");
  });
}

function edges({ manifest: { tuned = [] } }: ExperimentResults): string[] {
  return tuned.flatMap(({ model, task, method, chosen, atEdge }) =>
    atEdge.map((path) =>
      `At the edge of what was tried: ${lastPart(path)} ${setting(chosen[path])} of ${method} on ${task}, ${model}; ` +
      "the best may lie beyond."
    )
  );
}
