/**
 * What `--dry-run` says.
 *
 * @module
 */
import { keyOf, type RunOutline } from "../run/outline.ts";
import type { ExperimentOutline } from "../experiment/dry_run.ts";
import { estimate } from "./estimate.ts";
import { print, say } from "./output.ts";
import { clock } from "./progress.ts";

/** Prints the runs of an experiment with what they will cost, those that only serve others first. */
export function printPlan({ experiment, tuning, runs, grounds, missing }: ExperimentOutline, json: boolean): void {
  const own = new Set(runs.map(keyOf));
  const needed = [...new Map(runs.flatMap(({ needs }) => needs ? [[keyOf(needs), needs]] : []))]
    .filter(([key]) => !own.has(key)).map(([, run]) => run);
  const all = [...tuning, ...needed, ...runs];
  const rows = all.map(row), beside = grounds.map(row);
  for (const why of missing) say(why);
  if (missing.length > 0) {
    say("What is not there was priced by sizes that are known; runs that need it have no id yet, and would not start.");
  }
  if (json) return print(JSON.stringify({ experiment: experiment.name, runs: rows, grounds: beside }));
  const prices = new Map([...all, ...grounds].map((run) => [keyOf(run), estimate(run).estimate.seconds]));
  const seconds = [...prices.values()].reduce((sum, seconds) => sum + seconds, 0);
  print(`${experiment.name}: ${prices.size} runs, about ${clock(seconds)} together on two cores`);
  if (beside.length > 0) print(`${beside.length} of them are of ${beside[0]!.model}, to see the others against.`);
  if (tuning.length > 0) {
    print(
      `${tuning.length} of them choose ${Object.keys(experiment.tune!).join(" and ")}` +
        (experiment.search === "sequential" ? ", one after the other: these are the first." : "."),
    );
  }
  all.forEach((run, at) => {
    const { id, task, method, seed, steps, parameters, matrices, estimate: { seconds, bytes }, values } = rows[at]!;
    const name = `${task}, ${method}${values ? ` (${values})` : ""}, seed ${seed}`;
    print(
      `${tuning.length > 0 && own.has(keyOf(run)) ? "rates to be chosen" : id ?? "no id yet"}  ${name}: ` +
        `${steps} steps, ${(parameters.training / 1e6).toFixed(2)} M parameters, about ` +
        `${Math.ceil(seconds / 60)} min and ${(bytes / 1e9).toFixed(1)} GB`,
    );
    for (const { module, count, shape: [rows, columns], dense, factors } of matrices) {
      print(`    ${count} of ${module}, ${rows}×${columns}: ${dense} parameters each become ${factors}`);
    }
  });
}

function row(run: RunOutline) {
  const { id, model, spec: { task, label, seed, place }, steps } = run;
  const values = Object.entries(place.values ?? {}).map(([path, value]) => `${path} ${JSON.stringify(value)}`).join(
    ", ",
  );
  return {
    id,
    model,
    task: task.name,
    method: label,
    seed,
    steps,
    ...(values && { values }),
    ...estimate(run),
  };
}
