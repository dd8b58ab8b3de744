/**
 * `deno task reproduce`: does the runs of experiments and prints their results.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import { type Plan, planExperiment } from "../execution/plan.ts";
import { type ExperimentOutcome, runExperiment } from "../execution/run_experiment.ts";
import { checkDistinct } from "../experiment/distinct.ts";
import { outlineExperiment } from "../experiment/dry_run.ts";
import type { ExperimentRuns } from "../experiment/list_runs.ts";
import type { OpenRequest } from "../experiment/request.ts";
import { backendNamed, type Registry } from "../registry.ts";
import { summaryText } from "../report/markdown.ts";
import { summarize } from "../report/report.ts";
import { experimentFileName } from "../results/experiment_name.ts";
import { readExperimentResults } from "../results/experiment_results.ts";
import type { ExperimentManifest } from "../results/manifest.ts";
import type { RunOutline } from "../run/run_spec.ts";
import { type Arguments, readArguments } from "./arguments.ts";
import { loadExternally } from "./load_externally.ts";
import { print, printError } from "./output.ts";
import {
  checkLauncher,
  launch,
  launchOptions,
  launchRequest,
  type RequestedLauncher,
  requestedLauncher,
} from "./reproduce/launch.ts";
import { nextCommands } from "./reproduce/next.ts";
import { planWarnings } from "./reproduce/plan_warnings.ts";
import { printPlan } from "./reproduce/print_plan.ts";
import { Progress } from "./reproduce/progress.ts";
import { type RequestedExperiment, requestedExperiment } from "./reproduce/requested_experiment.ts";
import { waitForLaunches } from "./reproduce/wait.ts";

export const REPRODUCE_USAGE = `deno task reproduce [experiment…] [options]
  without an experiment: quick, practice tasks that need no data
  an experiment is a name, the path or URL of a file, or RUNS/experiments/NAME.json: the same once more
  --tasks a,b          tasks in place of the experiment's
  --methods "x,y"      methods of the experiment
  --models m           models in place of the experiment's: folders, or names on the hub
  --seeds 1,2          seeds in place of the experiment's
  --set path=value     a setting or parameter, for all methods; any number of times
  --data FOLDER        GLUE data, a folder per task
  --runs FOLDER        where runs are kept (runs)
  --keep-models        keep each merged model, in Hugging Face's layout
  --jobs N             concurrent runs (the experiment's choice, mostly 1)
  --threads N          threads of all runs together (all cores)
  --backend NAME       what computes: tensorflow, xla, or wasm, which is slower and needs no library
                       (xla on a GPU, else tensorflow)
  --device cpu|gpu     on what (the GPU if there is one)
  --devices N          devices that share each batch of a run, with the backend xla (1)
  --tensorboard        write RUNS/RUN/tensorboard/ during a run
  --launcher NAME      submit the runs and return: slurm, or a module that exports a launcher
  --slurm-option "…"   options of its job scripts, "--partition=gpu --time=02:00:00"; any number of times
                       (--launcher-option for a launcher of a module)
  --array-limit N      how many tasks may run at the same time (no limit)
  --restarts N         how often a task is queued again that was stopped, for its time limit or preempted (20)
  --wait               stay until all have ended
  --dry-run            list the runs, start nothing
  --verbose            print every table of the report: differences, costs
  --json               one JSON document on standard output`;

/** What runs if no experiment is named. */
const DEFAULT_EXPERIMENT = "quick";

/** Runs the command; returns its exit code. */
export async function reproduce(args: readonly string[], registry: Registry): Promise<number> {
  const ofLaunch = launchOptions(registry);
  const options = readArguments(args, {
    boolean: ["keep-models", "tensorboard", "dry-run", "verbose", "json", ...ofLaunch.boolean],
    string: [
      "tasks",
      "methods",
      "models",
      "seeds",
      "data",
      "runs",
      "jobs",
      "threads",
      "backend",
      "device",
      "devices",
      ...ofLaunch.string,
    ],
    collect: ["set", ...ofLaunch.collect],
  });
  const names = options.words.length > 0 ? options.words : [DEFAULT_EXPERIMENT];
  const requested = await Promise.all(names.map((name) => requestedExperiment(name, { options, registry })));
  const launcher = await requestedLauncher(options, registry);
  if (launcher && requested.length > 1) throw new RequestError("--launcher: expected one experiment with it.");
  const loaded = await loadExternally(["reproduce", ...args], {
    urls: [...requested.map(({ url }) => url), ...launcher?.url ? [launcher.url] : []],
    root: registry.root,
    check: (url, modules) => requested.filter((one) => one.url === url).forEach((one) => one.checkModules(modules)),
  });
  if ("code" in loaded) return loaded.code;
  const open = { registry, digests: loaded.digests };
  const json = options.flag("json");
  const dryRun = options.flag("dry-run");
  if (launcher) return await runLaunch(requested[0]!, { ...open, launcher, options, args });
  if (dryRun) {
    for (const experiment of requested) await printDryRun(experiment, { ...open, json });
    return 0;
  }
  const plans: ReproductionPlan[] = [];
  for (const { url, request, before } of requested) {
    const modules = open.digests.get(url)!;
    const plan = await planExperiment(url, { request, registry, modules, note: printError });
    printWarnings(plan, hostMemory(request, registry));
    plans.push({ ...plan, before });
  }
  checkDistinct(plans.map(({ experiment }) => experimentFileName(experiment.name)), { what: "experiments" });
  let failed = false;
  for (const plan of plans) {
    const { results, otherResults } = await run(plan);
    failed ||= [...results, ...otherResults].some(({ status }) => status === "failed");
    await printResults(plan, { results, json, verbose: options.flag("verbose"), runs: options.text("runs") });
  }
  return failed ? 1 : 0;
}

interface LaunchContext {
  readonly registry: Registry;
  readonly digests: ReadonlyMap<string, readonly string[]>;
  readonly launcher: RequestedLauncher;
  readonly options: Arguments;
  readonly args: readonly string[];
}

// Hands the runs to a launcher; waits for them and prints their results with `--wait`.
async function runLaunch(
  { url, request, before }: RequestedExperiment,
  { registry, digests, launcher, options, args }: LaunchContext,
): Promise<number> {
  const [json, dryRun, runs] = [options.flag("json"), options.flag("dry-run"), options.text("runs")];
  const requested = await checkLauncher(launcher, registry);
  const modules = digests.get(url)!;
  const launched = launchRequest(request, registry);
  const plan = await planExperiment(url, { request: launched, registry, modules, note: printError });
  printWarnings(plan);
  const wait = options.flag("wait") && !dryRun;
  await launch(plan, { requested, args, dryRun, json, wait, runs, before });
  if (!wait) return 0;
  const { name } = plan.experiment;
  const status = await waitForLaunches(name, { runs: request.runs, registry });
  const results = (await readExperimentResults(name, request.runs)).runs.map(({ result }) => result);
  await printResults(plan, { results, json, verbose: options.flag("verbose"), runs });
  return status.runs.every(({ run }) => run.state === "done") ? 0 : 1;
}

type ReproductionPlan = Plan & { readonly before: ExperimentManifest | undefined };

async function printDryRun(
  { url, request }: RequestedExperiment,
  { registry, digests, json }: {
    readonly registry: Registry;
    readonly digests: ReadonlyMap<string, readonly string[]>;
    readonly json: boolean;
  },
): Promise<void> {
  const { name } = registry.backends[0]!;
  if (request.backend !== undefined && request.backend !== name) {
    printError(`Times are those of ${name}; deno task doctor tells how much longer ${request.backend} takes.`);
  }
  const modules = digests.get(url)!;
  const outline = await outlineExperiment(url, { request, registry, modules, note: printError });
  printWarnings(outline, hostMemory(request, registry));
  printPlan(outline, json);
}

function printWarnings({ tuning, runs, references }: ExperimentRuns<RunOutline>, memoryBytes?: number): void {
  for (const warning of planWarnings([...tuning, ...runs, ...references], { memoryBytes })) printError(warning);
}

// Bytes of this machine's memory; `undefined` if runs are done in that of a GPU.
function hostMemory({ device, backend }: OpenRequest, registry: Registry): number | undefined {
  const onGpu = device === "gpu" || (device === undefined && backendNamed(backend, registry).hasGpu?.());
  return onGpu ? undefined : Deno.systemMemoryInfo().total;
}

async function run(plan: ReproductionPlan): Promise<ExperimentOutcome> {
  const controller = new AbortController();
  const interrupt = () => {
    if (!controller.signal.aborted) printError("Interrupted: stopping after the current step.");
    controller.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, interrupt);
  const listener = new Progress(Deno.stderr.isTerminal(), plan.request);
  try {
    return await runExperiment(plan, { listener, signal: controller.signal, before: plan.before });
  } finally {
    listener.end();
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(signal, interrupt);
  }
}

interface PrintOptions {
  readonly results: ExperimentOutcome["results"];
  readonly json: boolean;
  readonly verbose: boolean;
  /** `--runs` as the user named it. */
  readonly runs: string | undefined;
}

// Results and notes, what to know about them, and what to run next; failures in any case.
async function printResults(
  { experiment, request, registry }: Plan,
  { results, json, verbose, runs }: PrintOptions,
): Promise<void> {
  const { name, notes } = experiment;
  const stored = await readExperimentResults(name, request.runs, registry);
  if (json) return print(JSON.stringify({ experiment: name, results, grounds: stored.baselines }));
  const summary = await summarize(stored);
  const report = `deno task report ${name}${runs === undefined ? "" : ` --runs ${runs}`}`;
  const next = [`${report}   (differences, costs, charts)`, ...await nextCommands(experiment, registry)];
  print([
    `\n${name}`,
    summaryText(summary, { verbose }),
    ...notes ? [notes.join("\n")] : [],
    `Next:\n${next.map((command) => `  ${command}`).join("\n")}`,
  ].join("\n\n"));
}
