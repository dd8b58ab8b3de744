/**
 * What `--dry-run` prints.
 *
 * @module
 */
import type { ExperimentOutline } from "../../experiment/dry_run.ts";
import type { ExperimentRuns } from "../../experiment/list_runs.ts";
import { counted } from "../../report/numbers.ts";
import { setting } from "../../report/setting.ts";
import { keyOf } from "../../run/outline.ts";
import type { RunOutline } from "../../run/run_spec.ts";
import { approximateDuration, millions, whole } from "../format.ts";
import { print, printError } from "../output.ts";
import { type Estimate, estimate } from "./estimate.ts";

/** The runs that a plan lists, those that only serve others first; runs that do the same under several labels are all there. */
export function plannedRuns({ tuning, runs }: ExperimentRuns<RunOutline>): RunOutline[] {
  const keys = new Set(runs.map(keyOf));
  const prerequisites = [...new Map(runs.flatMap(({ needs }) => needs ? [[keyOf(needs), needs]] : []))]
    .filter(([key]) => !keys.has(key)).map(([, run]) => run);
  return [...tuning, ...prerequisites, ...runs];
}

/** The seconds of each run of a plan that is to be done, by its key. */
export const plannedSeconds = (outline: ExperimentRuns<RunOutline>): Map<string, number> =>
  new Map([...plannedRuns(outline), ...outline.references].map((run) => [keyOf(run), estimate(run).estimate.seconds]));

/** Prints the runs of an experiment with what they will cost. */
export function printPlan(outline: ExperimentOutline, json: boolean): void {
  const { experiment, tuning, runs, references, missing } = outline;
  const all = plannedRuns(outline), keys = new Set(runs.map(keyOf));
  for (const reason of missing) printError(reason);
  if (missing.length > 0) {
    printError("Estimated from known sizes. Runs that need what is missing have no id yet, and would not start.");
  }
  if (json) {
    return print(JSON.stringify({ experiment: experiment.name, runs: all.map(row), grounds: references.map(row) }));
  }
  const estimates = plannedSeconds(outline);
  const seconds = [...estimates.values()].reduce((sum, seconds) => sum + seconds, 0);
  print(
    `${experiment.name}: ${counted(estimates.size, "run")}, about ${
      approximateDuration(seconds)
    } in total on two cores`,
  );
  if (references.length > 0) {
    const fineTune = references.length === 1 ? "fine-tunes" : "fine-tune";
    print(`${references.length} of them ${fineTune} the reference model "${references[0]!.model}".`);
  }
  if (tuning.length > 0) {
    const paths = Object.keys(experiment.tune!).join(" and ");
    const sequential = experiment.search === "sequential" ? ", one after the other; these are the first" : "";
    print(`${tuning.length} of them ${tuning.length === 1 ? "tunes" : "tune"} ${paths}${sequential}.`);
  }
  const hasModels = new Set(all.map(({ model }) => model)).size > 1;
  for (const run of all) printRun(row(run), { hasModels, isTuned: tuning.length > 0 && keys.has(keyOf(run)) });
}

function printRun(
  { id, model, task, method, seed, steps, parameters, matrices, estimate, values }: Row,
  { hasModels, isTuned }: { readonly hasModels: boolean; readonly isTuned: boolean },
): void {
  const name = `${hasModels ? `${model}, ` : ""}${task}, ${method}${values ? ` (${values})` : ""}, seed ${seed}`;
  print(
    `${isTuned ? "rates to be tuned" : id ?? "no id yet"}  ${name}: ${steps} steps, ` +
      `${millions(parameters.training)} parameters, about ${approximateDuration(estimate.seconds)} and ` +
      `${(estimate.bytes / 1e9).toFixed(1)} GB`,
  );
  for (const { module, count, shape: [rows, columns], dense, factors } of matrices) {
    const each = count === 1 ? "parameters become" : "parameters each become";
    print(`    ${count} of ${module}, ${rows}×${columns}: ${whole(dense)} ${each} ${whole(factors)}`);
  }
}

interface Row extends Estimate {
  readonly id: string | null;
  readonly model: string;
  readonly task: string;
  readonly method: string;
  readonly seed: number;
  readonly steps: number;
  /** Tuned settings, as text. */
  readonly values?: string;
}

function row(run: RunOutline): Row {
  const { id, model, spec: { task, label, seed, place }, steps } = run;
  const values = Object.entries(place.values ?? {}).map(([path, value]) => `${path} ${setting(value)}`);
  return {
    id,
    model,
    task: task.name,
    method: label,
    seed,
    steps,
    ...(values.length > 0 && { values: values.join(", ") }),
    ...estimate(run),
  };
}
