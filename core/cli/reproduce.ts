/**
 * `deno task reproduce`: does the runs of experiments and prints their tables.
 *
 * @module
 */
import { isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Interrupted, RequestError } from "../errors.ts";
import { writeAsked } from "../experiment/asked.ts";
import type { Experiment } from "../experiment/define.ts";
import { expand } from "../experiment/expand.ts";
import { experimentUrl, loadExperiment } from "../experiment/load.ts";
import { type PreparedRun, Preparer } from "../experiment/prepare.ts";
import { outsideModules } from "../experiment/modules.ts";
import { publishedSchema } from "../experiment/published.ts";
import type { Request } from "../experiment/request.ts";
import type { Result } from "../experiment/results.ts";
import { runAll } from "../experiment/runner.ts";
import { summary } from "../experiment/table.ts";
import { backendNamed, type Parts } from "../parts.ts";
import { readArguments } from "./arguments.ts";
import { estimate } from "./estimate.ts";
import { print, say } from "./output.ts";
import { rerunOutside } from "./outside.ts";
import { Progress } from "./progress.ts";

export const REPRODUCE_USAGE = `deno task reproduce [experiment…] [options]
  --tasks a,b          tasks in place of the experiment's
  --methods "x,y"      methods of the experiment
  --models m           models in place of the experiment's
  --seeds 1,2          seeds in place of the experiment's
  --set path=value     a setting or parameter, for all methods; may come several times
  --data FOLDER        GLUE data, a folder a task
  --runs FOLDER        where runs are kept (runs)
  --keep-models        keep each merged model, in Hugging Face's layout
  --jobs N             runs at once (1)
  --threads N          threads of all runs together (all cores)
  --backend NAME       what computes (tensorflow)
  --device cpu|gpu     on what (the GPU where there is one)
  --dry-run            list the runs, start nothing
  --json               one JSON document on standard output`;

/** What is run where no experiment is named. */
const DEFAULT_EXPERIMENT = "glue-minilm";

interface Planned {
  readonly url: string;
  readonly experiment: Experiment;
  /** Digests of modules from outside the tree. */
  readonly modules: readonly string[];
  readonly runs: readonly PreparedRun[];
}

/** Runs the command; gives its exit code. */
export async function reproduce(args: readonly string[], parts: Parts): Promise<number> {
  const options = readArguments(args, {
    boolean: ["keep-models", "dry-run", "json", "help"],
    string: ["tasks", "methods", "models", "seeds", "data", "runs", "jobs", "threads", "backend", "device"],
    collect: ["set"],
  });
  if (options.flag("help")) {
    print(REPRODUCE_USAGE);
    return 0;
  }
  const request = requestOf(options, parts);
  const where = { experiments: new URL("experiments/", parts.root), cwd: userFolder() };
  const names = options.words.length > 0 ? options.words : [DEFAULT_EXPERIMENT];
  const urls = await Promise.all(names.map((name) => experimentUrl(name, where)));
  const rerun = await rerunOutside(["reproduce", ...args], { urls, root: parts.root });
  if (rerun !== undefined) return rerun;
  const planned: Planned[] = [];
  for (const url of urls) planned.push(await plan(url, { request, parts }));
  if (options.flag("dry-run")) {
    for (const plan of planned) printPlan(plan, options.flag("json"));
    return 0;
  }
  let failed = false;
  for (const plan of planned) {
    const results = await runPlan(plan, { request, parts });
    failed ||= results.some(({ status }) => status === "failed");
    if (options.flag("json")) print(JSON.stringify({ experiment: plan.experiment.name, results }));
    else print(`\n${plan.experiment.name}\n\n${summary(results)}`);
  }
  return failed ? 1 : 0;
}

/** The folder that a person's relative paths are meant from. */
export const userFolder = (): string => Deno.env.get("INIT_CWD") ?? Deno.cwd();

function requestOf(options: ReturnType<typeof readArguments>, parts: Parts): Request {
  const cwd = userFolder();
  const data = options.text("data"), runs = options.text("runs");
  const threads = options.count("threads"), backend = options.text("backend"), device = options.text("device");
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
    runs: runs === undefined
      ? fileURLToPath(new URL("runs", parts.root))
      : isAbsolute(runs)
      ? runs
      : resolve(cwd, runs),
    keepModels: options.flag("keep-models"),
    jobs: options.count("jobs") ?? 1,
    ...(threads && { threads }),
    ...(backend !== undefined && { backend }),
    ...(device !== undefined && { device }),
  };
}

async function plan(url: string, { request, parts }: { request: Request; parts: Parts }): Promise<Planned> {
  const experiment = await loadExperiment(url);
  const { digests: modules } = await outsideModules(url, parts.root);
  const specs = expand(experiment, request, parts);
  const data = request.data;
  const preparer = new Preparer(parts, { ...(data !== undefined && { data }), modules, note: say });
  const runs: PreparedRun[] = [];
  for (const spec of specs) runs.push(await preparer.prepare(spec));
  return { url, experiment, modules, runs };
}

function printPlan({ experiment, runs }: Planned, json: boolean): void {
  const rows = runs.map((run) => ({
    id: run.id,
    model: run.model,
    task: run.spec.task.name,
    method: run.spec.label,
    seed: run.spec.seed,
    steps: run.steps,
    ...estimate(run),
  }));
  if (json) return print(JSON.stringify({ experiment: experiment.name, runs: rows }));
  print(`${experiment.name}: ${rows.length} runs`);
  for (const { id, task, method, seed, steps, parameters, matrices, estimate: { seconds, bytes } } of rows) {
    print(
      `${id}  ${task}, ${method}, seed ${seed}: ${steps} steps, ${
        (parameters.training / 1e6).toFixed(2)
      } M parameters, ` +
        `about ${Math.ceil(seconds / 60)} min and ${(bytes / 1e9).toFixed(1)} GB`,
    );
    for (const { module, count, shape: [rows, columns], dense, factors } of matrices) {
      print(`    ${count} of ${module}, ${rows}×${columns}: ${dense} numbers each become ${factors}`);
    }
  }
}

async function runPlan(
  { url, experiment, modules, runs }: Planned,
  { request, parts }: { request: Request; parts: Parts },
) {
  const stop = new AbortController();
  const interrupt = () => {
    if (!stop.signal.aborted) say("Interrupted: stopping after the step at hand.");
    stop.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, interrupt);
  const begin = async () => {
    const { name, description, published } = experiment;
    const asked = runs.map(({ id, model, spec: { task, label, base, point, seed } }) => ({
      id,
      model,
      task: task.name,
      method: label,
      seed,
      base,
      point,
    }));
    const methods = asked.map(({ base }) => base);
    const usual = methods.includes("fine-tuning") ? "fine-tuning" : methods[0]!;
    await writeAsked({
      experiment: name,
      ...(description !== undefined && { description }),
      ...(published && { published: publishedSchema.parse(published) }),
      baseline: experiment.baseline ?? usual,
      runs: asked,
    }, request.runs);
  };
  const watch = new Progress(runs.length, Deno.stderr.isTerminal());
  try {
    const options = { request, experiment: url, modules, root: parts.root, watch, begin, signal: stop.signal };
    const found = await runAll(runs, options);
    if (stop.signal.aborted) throw new Interrupted("Interrupted; what is finished is kept, the same command goes on.");
    return runs.flatMap(({ id, spec: { label } }): Result[] => {
      const result = found.get(id);
      return result ? [{ ...result, method: label, experiment: experiment.name }] : [];
    });
  } finally {
    watch.end();
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(signal, interrupt);
  }
}
