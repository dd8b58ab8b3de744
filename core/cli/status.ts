/**
 * `deno task status`: where each run of an experiment is.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import { experimentStatus, type RunProgress, type RunState, type RunStatus } from "../execution/experiment_status.ts";
import { counted } from "../report/numbers.ts";
import type { Registry } from "../registry.ts";
import { experimentNameSchema } from "../results/experiment_name.ts";
import { readArguments } from "./arguments.ts";
import { duration } from "./format.ts";
import { print, printError } from "./output.ts";
import { runsFolder } from "./paths.ts";

export const STATUS_USAGE = `deno task status EXPERIMENT [options]
  says of each run where it is: waiting, queued, running, done or failed
  EXPERIMENT       its name
  --runs FOLDER    where runs are kept (runs)
  --json           one JSON document on standard output`;

const STATES = ["done", "running", "queued", "waiting", "failed"] as const;

/** Runs the command; returns its exit code. */
export async function status(args: readonly string[], registry: Registry): Promise<number> {
  const options = readArguments(args, { boolean: ["json"], string: ["runs"], words: 1 });
  const [name] = options.words;
  if (name === undefined) throw new RequestError("deno task status EXPERIMENT: expected an experiment.");
  const { error } = experimentNameSchema.safeParse(name);
  if (error) throw new RequestError(`"${name}" is not the name of an experiment: ${error.issues[0]!.message}.`);
  const { runs, next, warnings } = await experimentStatus(name, {
    runs: runsFolder(options.text("runs"), registry),
    registry,
  });
  if (options.flag("json")) print(JSON.stringify({ experiment: name, runs, next, warnings }));
  else {
    print(`${name}: ${countStates(runs)}`);
    print(table(runs));
    if (next.length > 0) print(`  The next stage is submitted by job ${next.join(", ")}.`);
    for (const warning of warnings) printError(warning);
  }
  return 0;
}

/** How many runs are in each state: `24 runs: 20 done, 4 running`. */
function countStates(runs: readonly RunStatus[]): string {
  const counts = STATES.map((state) => [runs.filter(({ run }) => run.state === state).length, state] as const);
  return `${counted(runs.length, "run")}: ${
    counts.filter(([count]) => count > 0).map((count) => count.join(" ")).join(", ")
  }`;
}

function table(runs: readonly RunStatus[]): string {
  const hasModels = new Set(runs.map(({ model }) => model)).size > 1;
  const names = runs.map(({ model, task, method, seed }) =>
    [...hasModels ? [model] : [], task, method, `seed ${seed}`].join(", ")
  );
  const width = Math.max(...names.map((name) => name.length));
  return runs.map(({ id, run }, at) => `  ${id}  ${names[at]!.padEnd(width)}  ${describe(run)}`).join("\n");
}

function describe(run: RunState): string {
  const facts = factsOf(run);
  return facts.length > 0 ? `${run.state} (${facts.join(", ")})` : run.state;
}

function factsOf(run: RunState): string[] {
  switch (run.state) {
    case "done":
      return [];
    case "failed":
      return [run.error.split("\n")[0]!, ...run.log === undefined ? [] : [`log: ${run.log}`]];
    case "waiting":
      return stoppedAt(run.progress);
    case "queued":
      return [`job ${run.job}`, ...stoppedAt(run.progress)];
    case "running": {
      const { host, job, progress } = run;
      const steps = progress
        ? [`step ${progress.step} of ${progress.steps}`, `${duration(progress.secondsLeft)} left`]
        : ["preparing"];
      return [...host ? [host] : [], ...job === undefined ? [] : [`job ${job}`], ...steps];
    }
  }
}

const stoppedAt = (progress: RunProgress | undefined): string[] =>
  progress ? [`stopped after step ${progress.step} of ${progress.steps}`] : [];
