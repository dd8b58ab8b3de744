/**
 * `deno task status`: where each run of an experiment is.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import { denoTaskArguments } from "../execution/deno_task.ts";
import { experimentStatus, type RunProgress, type RunState, type RunStatus } from "../execution/experiment_status.ts";
import { launchFolder, launchNumbers, readLaunch } from "../execution/launch/launch_folder.ts";
import { isModuleUrl } from "../experiment/module.ts";
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

/** The option of the process that imports launchers from outside the tree. */
const WITHOUT_LOCK = "without-lock";

const STATES = ["done", "running", "queued", "waiting", "failed"] as const;

/** Runs the command; returns its exit code. */
export async function status(args: readonly string[], registry: Registry): Promise<number> {
  const options = readArguments(args, { boolean: ["json", WITHOUT_LOCK], string: ["runs"], words: 1 });
  const [name] = options.words;
  if (name === undefined) throw new RequestError("deno task status EXPERIMENT: expected an experiment.");
  const { error } = experimentNameSchema.safeParse(name);
  if (error) throw new RequestError(`"${name}" is not the name of an experiment: ${error.issues[0]!.message}.`);
  const folder = runsFolder(options.text("runs"), registry);
  if (!options.flag(WITHOUT_LOCK) && await hasModuleLauncher(folder)) return await runWithoutLock(args, registry.root);
  const { runs, next, warnings } = await experimentStatus(name, { runs: folder, registry });
  if (options.flag("json")) print(JSON.stringify({ experiment: name, runs, next, warnings }));
  else {
    print(`${name}: ${countStates(runs)}`);
    print(table(runs));
    if (next.length > 0) print(`  The next stage is submitted by job ${next.join(", ")}.`);
    for (const warning of warnings) printError(warning);
  }
  return 0;
}

/** Whether a module from outside the tree launched some runs. */
async function hasModuleLauncher(runs: string): Promise<boolean> {
  for (const number of await launchNumbers(runs)) {
    const launch = await readLaunch(launchFolder(runs, number));
    if (launch && isModuleUrl(launch.launcher)) return true;
  }
  return false;
}

// What such a module imports would get into the project's lock file, of which this command may not write a copy.
async function runWithoutLock(args: readonly string[], root: URL): Promise<number> {
  const options = { root, flags: ["--no-lock"], args: [...args, `--${WITHOUT_LOCK}`] };
  const process = new Deno.Command(Deno.execPath(), { args: await denoTaskArguments("status", options), cwd: root });
  return (await process.spawn().status).code;
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
