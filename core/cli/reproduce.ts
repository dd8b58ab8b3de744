/**
 * `deno task reproduce`: does the runs of experiments and prints their tables.
 *
 * @module
 */
import { resolve } from "node:path";
import { RequestError } from "../errors.ts";
import { type ExperimentManifest, readManifestFile } from "../results/manifest.ts";
import { type ExperimentOutcome, type Plan, planExperiment, runExperiment } from "../execution/run_experiment.ts";
import { readExperimentResults } from "../results/experiment_results.ts";
import { experimentUrl } from "../experiment/load.ts";
import { outlineExperiment } from "../experiment/dry_run.ts";
import { summaryText } from "../report/markdown.ts";
import { summarize } from "../report/report.ts";
import type { OpenRequest } from "../experiment/request.ts";
import { backendNamed, type Registry } from "../registry.ts";
import { type Arguments, readArguments } from "./arguments.ts";
import { nextCommands } from "./next.ts";
import { print, say } from "./output.ts";
import { printPlan } from "./print_plan.ts";
import { rerunOutside } from "./outside.ts";
import { runsFolder, userFolder } from "./paths.ts";
import { Progress } from "./progress.ts";

export const REPRODUCE_USAGE = `deno task reproduce [experiment…] [options]
  without an experiment: quick, practice tasks that need no data
  an experiment is a name, the path or URL of a file, or RUNS/experiments/NAME.json: the same once more
  --tasks a,b          tasks in place of the experiment's
  --methods "x,y"      methods of the experiment
  --models m           models in place of the experiment's
  --seeds 1,2          seeds in place of the experiment's
  --set path=value     a setting or parameter, for all methods; may come several times
  --data FOLDER        GLUE data, a folder a task
  --runs FOLDER        where runs are kept (runs)
  --keep-models        keep each merged model, in Hugging Face's layout
  --jobs N             runs at once (the experiment's choice, mostly 1)
  --threads N          threads of all runs together (all cores)
  --backend NAME       what computes: tensorflow, or wasm, which is slower and needs no library (tensorflow)
  --device cpu|gpu     on what (the GPU where there is one)
  --tensorboard        write RUNS/RUN/tensorboard/ while a run is done
  --dry-run            list the runs, start nothing
  --json               one JSON document on standard output`;

/** What is run where no experiment is named. */
const DEFAULT_EXPERIMENT = "quick";

/** Runs the command; gives its exit code. */
export async function reproduce(args: readonly string[], parts: Registry): Promise<number> {
  const options = readArguments(args, {
    boolean: ["keep-models", "tensorboard", "dry-run", "json", "help"],
    string: ["tasks", "methods", "models", "seeds", "data", "runs", "jobs", "threads", "backend", "device"],
    collect: ["set"],
  });
  if (options.flag("help")) {
    print(REPRODUCE_USAGE);
    return 0;
  }
  const named = options.words.length > 0 ? options.words : [DEFAULT_EXPERIMENT];
  const asked = await Promise.all(named.map((name) => again(name, { options, parts })));
  const urls = asked.map(({ url }) => url);
  const rerun = await rerunOutside(["reproduce", ...args], { urls, root: parts.root });
  if (rerun !== undefined) return rerun;
  if (options.flag("dry-run")) {
    for (const { url, request } of asked) {
      const [usual] = parts.backends;
      if (request.backend !== undefined && request.backend !== usual!.name) {
        say(`Times are those of ${usual!.name}; deno task doctor says how much longer ${request.backend} takes.`);
      }
      printPlan(await outlineExperiment(url, { request, parts, note: say }), options.flag("json"));
    }
    return 0;
  }
  const plans: (Plan & { before: ExperimentManifest | undefined })[] = [];
  for (const { url, request, before } of asked) {
    plans.push({ ...await planExperiment(url, { request, parts, note: say }), before });
  }
  let failed = false;
  for (const plan of plans) {
    const { name } = plan.experiment;
    const { results, beside } = await run(plan);
    failed ||= [...results, ...beside].some(({ status }) => status === "failed");
    const evidence = await readExperimentResults(name, plan.request.runs);
    if (options.flag("json")) print(JSON.stringify({ experiment: name, results, grounds: evidence.baselines }));
    else {
      print(`\n${name}\n\n${summaryText(await summarize(evidence))}`);
      print(await closingText(plan, parts));
    }
  }
  return failed ? 1 : 0;
}

// What stands beneath the tables: what is to be known of them, what comes next.
async function closingText({ experiment }: Plan, parts: Registry): Promise<string> {
  const next = await nextCommands(experiment, parts);
  return [
    experiment.notes?.join("\n"),
    next.length > 0 ? `Next:\n${next.map((line) => `  ${line}`).join("\n")}` : undefined,
  ].filter((part) => part !== undefined).map((part) => `\n${part}`).join("\n");
}

// Which file a name means, and what is changed of it: by the command line, or as it was asked for before.
async function again(name: string, { options, parts }: { options: Arguments; parts: Registry }) {
  const request = requestOf(options, parts);
  const cwd = userFolder();
  const where = { experiments: new URL("experiments/", parts.root), cwd };
  if (!name.endsWith(".json")) return { url: await experimentUrl(name, where), request, before: undefined };
  const before = await readManifestFile(resolve(cwd, name));
  if (!before?.declaration) throw new RequestError(`${name}: there is no such file of what an experiment asked for.`);
  const { file, changes } = before.declaration;
  const own = CHANGES.find((key) => options.text(key) !== undefined) ?? (options.all("set").length > 0 ? "set" : "");
  if (own) throw new RequestError(`${name} says what it asked for: --${own} cannot change it.`);
  return { url: await experimentUrl(file, where), request: { ...request, ...changes }, before };
}

const CHANGES = ["tasks", "methods", "models", "seeds", "backend"];

function requestOf(options: Arguments, parts: Registry): OpenRequest {
  const cwd = userFolder();
  const data = options.text("data"), runs = options.text("runs");
  const jobs = options.count("jobs"), threads = options.count("threads");
  const backend = options.text("backend"), device = options.text("device");
  if (device !== undefined && device !== "cpu" && device !== "gpu") {
    throw new RequestError(`--device wants cpu or gpu, found "${device}".`);
  }
  const tasks = options.list("tasks"), methods = options.list("methods"), models = options.list("models");
  const seeds = options.list("seeds")?.map((seed) => {
    if (!/^\d+$/.test(seed)) throw new RequestError(`--seeds wants whole numbers, found "${seed}".`);
    return Number(seed);
  });
  if (backend !== undefined) backendNamed(backend, parts);
  return {
    ...(tasks && { tasks }),
    ...(methods && { methods }),
    ...(models && { models: models.map((model) => model.startsWith(".") ? resolve(cwd, model) : model) }),
    ...(seeds && { seeds }),
    set: options.all("set"),
    ...(data !== undefined && { data: resolve(cwd, data) }),
    runs: runsFolder(runs, parts),
    keepModels: options.flag("keep-models"),
    tensorboard: options.flag("tensorboard"),
    ...(jobs && { jobs }),
    ...(threads && { threads }),
    ...(backend !== undefined && { backend }),
    ...(device !== undefined && { device }),
  };
}

async function run(plan: Plan & { before: ExperimentManifest | undefined }): Promise<ExperimentOutcome> {
  const stop = new AbortController();
  const interrupt = () => {
    if (!stop.signal.aborted) say("Interrupted: stopping after the step at hand.");
    stop.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, interrupt);
  const watch = new Progress(Deno.stderr.isTerminal(), plan.request);
  try {
    return await runExperiment(plan, { watch, signal: stop.signal, before: plan.before });
  } finally {
    watch.end();
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(signal, interrupt);
  }
}
