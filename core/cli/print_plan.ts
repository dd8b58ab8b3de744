/**
 * What `--dry-run` says.
 *
 * @module
 */
import type { Plan } from "../experiment/conduct.ts";
import type { PreparedRun } from "../experiment/prepare.ts";
import { estimate } from "./estimate.ts";
import { print } from "./output.ts";
import { clock } from "./progress.ts";

/** Prints the runs of an experiment with what they will cost, those that only serve others first. */
export function printPlan({ experiment, tuning, runs, grounds }: Plan, json: boolean): void {
  const own = new Set(runs.map(({ id }) => id));
  const needed = [...new Map(runs.flatMap(({ needs }) => needs ? [[needs.id, needs]] : []))]
    .filter(([id]) => !own.has(id)).map(([, run]) => run);
  const rows = [...tuning, ...needed, ...runs].map(row), beside = grounds.map(row);
  const isFinal = (id: string) => own.has(id);
  const seconds = [...new Map([...rows, ...beside].map((row) => [row.id, row.estimate.seconds])).values()]
    .reduce((sum, seconds) => sum + seconds, 0);
  if (json) return print(JSON.stringify({ experiment: experiment.name, runs: rows, grounds: beside }));
  print(`${experiment.name}: ${rows.length + beside.length} runs, about ${clock(seconds)} together`);
  if (beside.length > 0) print(`${beside.length} of them are of ${beside[0]!.model}, to see the others against.`);
  if (tuning.length > 0) {
    print(
      `${tuning.length} of them choose ${Object.keys(experiment.tune!).join(" and ")}` +
        (experiment.search === "sequential" ? ", one after the other: these are the first." : "."),
    );
  }
  for (const { id, task, method, seed, steps, parameters, matrices, estimate: { seconds, bytes }, values } of rows) {
    const name = `${task}, ${method}${values ? ` (${values})` : ""}, seed ${seed}`;
    print(
      `${tuning.length > 0 && isFinal(id) ? "rates to be chosen" : id}  ${name}: ${steps} steps, ` +
        `${(parameters.training / 1e6).toFixed(2)} M parameters, about ${Math.ceil(seconds / 60)} min and ` +
        `${(bytes / 1e9).toFixed(1)} GB`,
    );
    for (const { module, count, shape: [rows, columns], dense, factors } of matrices) {
      print(`    ${count} of ${module}, ${rows}×${columns}: ${dense} numbers each become ${factors}`);
    }
  }
}

function row(run: PreparedRun) {
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
