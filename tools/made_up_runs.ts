/**
 * Writes made-up results of all runs of an experiment, as if they were done: what `reproduce`, `status` and `report` are
 * measured on. `docs/scale.md` has the measurements.
 *
 * ```sh
 * deno run -A tools/made_up_runs.ts tools/many_runs.ts --data tests/fixtures/tiny_run/data --runs /tmp/many \
 *   --examples 277 --steps 234
 * deno task report many-runs --runs /tmp/many
 * ```
 *
 * @module
 */
import { computeMetrics, type Head, type Metrics, primaryMetric, RandomKey } from "@opf/framework";
import * as plugins from "@opf/framework/plugins";
import * as tasks from "@opf/framework/tasks";
import { parseArgs } from "@std/cli/parse-args";
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { print, printError } from "../core/cli/output.ts";
import { makeManifest } from "../core/execution/make_manifest.ts";
import { planExperiment } from "../core/execution/plan.ts";
import type { Prediction } from "../core/results/predictions.ts";
import { FILES, type Result, RESULTS_VERSION, SCHEMA_VERSION, toJson } from "../core/results/result.ts";
import { writeManifest } from "../core/results/manifest.ts";
import type { ResolvedRun } from "../core/run/resolve.ts";
import { contributions } from "../core/statistics/contributions.ts";
import type { TrainingEvent } from "../core/training/fine_tune_request.ts";

/** What is made up. */
export interface MadeUpRunsOptions {
  /** GLUE data, a folder per task. */
  readonly data: string;
  /** The folder of runs. */
  readonly runs: string;
  /** Predictions of each run. */
  readonly examples: number;
  /** Steps of each run. */
  readonly steps: number;
}

/** Writes the manifest of an experiment and the files of its runs; returns the number of runs. */
export async function writeMadeUpRuns(url: string, { data, runs, ...size }: MadeUpRunsOptions): Promise<number> {
  const registry = {
    plugins,
    tasks,
    sources: [plugins.folder()],
    backends: [plugins.tensorflow],
    launchers: [],
    root: new URL("..", import.meta.url),
  };
  const request = { data, runs, keepModels: false, tensorboard: false };
  const plan = await planExperiment(url, { request, registry, modules: [], note: printError });
  for (const run of plan.runs) writeRun(run, { folder: `${runs}/${run.id}`, ...size });
  await writeManifest(await makeManifest(plan, { runs: plan.runs, tuned: [] }), runs);
  return plan.runs.length;
}

type RunFiles = Pick<MadeUpRunsOptions, "examples" | "steps"> & { readonly folder: string };

function writeRun(run: ResolvedRun, { folder, examples, steps }: RunFiles): void {
  const random = RandomKey.of(0).fold(run.id);
  const { head, metrics: all } = run.spec.task;
  const rows = rowsOf(random.fold("predictions").bits(examples), head);
  const values = { predictions: rows.map(({ prediction }) => prediction), labels: rows.map(({ label }) => label) };
  const metrics = computeMetrics(all, values);
  const shares = contributions(primaryMetric(run.spec.task), values);
  const linesOf = (values: readonly object[]) => values.map((value) => JSON.stringify(value) + "\n").join("");
  const predictionsText = linesOf(rows.map((row, index) => ({ ...row, contribution: shares[index]! })));
  const digest = createHash("sha256").update(predictionsText).digest("hex");
  const files = {
    [FILES.run]: toJson({ id: run.id, settings: run.settings, origin: run.repository.origin, environment: {} }),
    [FILES.events]: linesOf(eventsOf({ steps, metrics, bits: random.fold("losses").bits(steps) })),
    [FILES.predictions]: predictionsText,
    [FILES.result]: toJson(resultOf(run, { metrics, examples, digest })),
  };
  Deno.mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(`${folder}/${name}`, text);
}

// Three of four classes are right, and numbers off by at most one.
const rowsOf = (bits: ArrayLike<number>, head: Head): Prediction[] =>
  Array.from(bits, (bits, index) => {
    const number = bits / 2 ** 32;
    if (head.kind === "regression") {
      const label = index % 5, prediction = label + 2 * number - 1;
      return { index, label, prediction, logits: [prediction] };
    }
    const label = index % head.outputs, prediction = bits % 4 !== 0 ? label : (label + 1) % head.outputs;
    return {
      index,
      label,
      prediction,
      logits: Array.from({ length: head.outputs }, (_, k) => number * +(k === prediction)),
    };
  });

function eventsOf(
  { steps, metrics, bits }: { readonly steps: number; readonly metrics: Metrics; readonly bits: ArrayLike<number> },
): (TrainingEvent & { readonly time: number })[] {
  return Array.from(bits, (bits, index) => {
    const step = index + 1,
      numbers = { loss: bits / 2 ** 32, gradientNorm: 1 + bits / 2 ** 32, rate: 1 - index / steps };
    const about = { step, steps, ...numbers, seconds: 0.01, examples: 32, residentBytes: 1e9 };
    return { time: step / 100, type: "step" as const, ...about };
  }).flatMap((event) =>
    event.step === steps ? [event, { time: event.time, type: "evaluation", step: steps, epoch: 1, metrics }] : [event]
  );
}

function resultOf(
  { id, spec, model, settings, repository, origin, architecture }: ResolvedRun,
  { metrics, examples, digest }: {
    readonly metrics: Metrics;
    readonly examples: number;
    readonly digest: string;
  },
): Result {
  const { task: { name: task, primary }, label: method, seed, experiment, parameters } = spec;
  const matrices = architecture.matrices.map(({ name, module, layer, stack }) => ({
    ...{ name, module, layer },
    ...stack && { stack },
  }));
  const size = architecture.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const selected = spec.method.policy
    ? matrices.slice(0, 2).map((place) => ({ ...place, step: 0, moved: 0.1, error: 1e-7, size: 1000, facts: {} }))
    : [];
  return {
    ...{ schemaVersion: SCHEMA_VERSION, resultsVersion: RESULTS_VERSION, id, experiment, status: "done" },
    ...{ model, task, method, seed, primary, matrices, selected },
    metrics,
    examples: { dev: examples },
    diverged: false,
    resumedFrom: [],
    parameters: { model: size, training: size + 1000 * selected.length, trainable: size, merged: size },
    seconds: { total: 10, perStep: 0.01, firstStep: 1, decomposition: 0.1, selection: 0.1, evaluation: 1 },
    memory: { peakBytes: 1e9 },
    merge: { maxLogitDifference: 1e-6, maxFactorizeDifference: 1e-6 },
    files: { [FILES.predictions]: digest },
    settings: { ...settings, origin: repository.origin, data: origin, parameters },
    environment: {},
  };
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["data", "runs", "examples", "steps"] });
  const [experiment] = options._;
  if (experiment === undefined || !options.data || !options.runs) {
    printError("Expected an experiment's file, --data FOLDER and --runs FOLDER.");
    Deno.exit(2);
  }
  const count = await writeMadeUpRuns(pathToFileURL(resolve(String(experiment))).href, {
    data: String(options.data),
    runs: String(options.runs),
    examples: Number(options.examples ?? 20),
    steps: Number(options.steps ?? 12),
  });
  print(`${count} runs in ${options.runs}`);
}
