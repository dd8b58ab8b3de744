/**
 * Does the runs of an experiment by worker processes.
 *
 * @module
 */
import { exists } from "../cache.ts";
import type { TrainingEvent } from "../training/run.ts";
import type { PreparedRun } from "./prepare.ts";
import type { Request } from "./request.ts";
import { FILES, readResult, type Result, SCHEMA_VERSION, toJson, writeWhole } from "./results.ts";
import { startWorker, type Worker } from "./worker_process.ts";

/** Who is told how the runs go. */
export interface RunnerWatcher {
  started(run: PreparedRun): void;
  event(run: PreparedRun, event: TrainingEvent): void;
  finished(run: PreparedRun, result: Result): void;
  note(message: string): void;
}

/** What is done, and by what. */
export interface RunnerOptions {
  readonly request: Request;
  /** URL of the experiment's file. */
  readonly experiment: string;
  readonly modules: readonly string[];
  /** The project's root. */
  readonly root: URL;
  readonly watch: RunnerWatcher;
  /** Called once, before the first run starts. */
  readonly begin: () => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Does what is not done yet; a run that fails does not stop the others. Gives the results by id, fewer than runs where
 * it was interrupted.
 */
export async function runAll(runs: readonly PreparedRun[], options: RunnerOptions): Promise<Map<string, Result>> {
  const { request, watch, signal } = options;
  const results = new Map<string, Result>();
  const waiting: { run: PreparedRun; place: number }[] = [];
  for (const [place, run] of runs.entries()) {
    if (waiting.some((other) => other.run.id === run.id) || results.has(run.id)) continue;
    const done = await finishedResult(run, request);
    if (done) {
      results.set(run.id, done);
      watch.finished(run, done);
    } else waiting.push({ run, place });
  }
  // An engine that does not start is said before anything is written.
  const first = waiting.length > 0 ? await startWorker(options) : undefined;
  await options.begin();
  if (waiting.length === 0) return results;
  // A process a run: what one leaves in memory is not counted to the next.
  const hand = async (worker: Worker | undefined) => {
    for (let next = waiting.shift(); next && !signal.aborted; next = waiting.shift()) {
      const { run, place } = next;
      worker ??= await startWorker(options);
      watch.started(run);
      const outcome = await worker?.run({ place, id: run.id }, (event) => watch.event(run, event));
      await worker?.stop();
      worker = undefined;
      if (!outcome) return;
      const result = "result" in outcome ? outcome.result : await recordFailure(run, { ...outcome, request });
      results.set(run.id, result);
      watch.finished(run, result);
    }
    await worker?.stop();
  };
  const others = Array.from({ length: Math.min(request.jobs, waiting.length) - 1 }, () => undefined);
  await Promise.all([first, ...others].map(hand));
  return results;
}

async function recordFailure(
  run: PreparedRun,
  { error, request }: { error: string; request: Request },
): Promise<Result> {
  const result = failed(run, error);
  await Deno.mkdir(`${request.runs}/${run.id}`, { recursive: true });
  await writeWhole(`${request.runs}/${run.id}/${FILES.result}`, toJson(result));
  return result;
}

async function finishedResult(run: PreparedRun, { runs, keepModels }: Request): Promise<Result | undefined> {
  const result = await readResult(`${runs}/${run.id}`);
  if (result?.status !== "done") return undefined;
  return !keepModels || result.diverged || await exists(`${runs}/${run.id}/${FILES.model}/model.safetensors`)
    ? result
    : undefined;
}

function failed({ id, spec, model, settings }: PreparedRun, error: string): Result {
  return {
    schemaVersion: SCHEMA_VERSION,
    id,
    experiment: spec.experiment,
    status: "failed",
    error,
    model,
    task: spec.task.name,
    method: spec.label,
    seed: spec.seed,
    primary: spec.task.primary,
    metrics: {},
    diverged: false,
    resumedFrom: [],
    parameters: { model: 0, training: 0, trainable: 0, merged: 0 },
    seconds: { total: 0, perStep: 0, firstStep: 0, decomposition: 0, selection: 0, evaluation: 0 },
    memory: { peakBytes: 0 },
    selected: [],
    merge: { maxLogitDifference: 0, maxFactorizeDifference: 0 },
    settings,
    environment: {},
  };
}
