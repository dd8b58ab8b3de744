/**
 * Does the runs of an experiment by worker processes.
 *
 * @module
 */
import { messageOf } from "../errors.ts";
import type { TrainingEvent } from "../training/fine_tune_request.ts";
import { cachedResult } from "../run/cached_result.ts";
import type { ResolvedRun } from "../run/resolve.ts";
import { Queue } from "./queue.ts";
import { FILES, type Result, toJson, writeTextAtomic } from "../results/result.ts";
import { failedResult } from "../run/write_result.ts";
import { startWorker, type Worker, type WorkerOptions } from "./worker_process.ts";

/** Who is told how the runs go. */
export interface RunListener {
  /** These are to be done. */
  expect(runs: readonly ResolvedRun[]): void;
  /** These will be expected later, in place of those named before. */
  later(runs: readonly ResolvedRun[]): void;
  started(run: ResolvedRun): void;
  event(run: ResolvedRun, event: TrainingEvent): void;
  finished(run: ResolvedRun, result: Result): void;
  note(message: string): void;
}

/** What is done, and by what. */
export interface RunAllOptions extends WorkerOptions {
  readonly watch: RunListener;
  /** Called once, before the first run starts. */
  readonly begin: () => Promise<void>;
}

/**
 * Does what is not done yet; a run that fails does not stop the others. Gives the results by id, fewer than runs where
 * it was interrupted.
 */
export async function runAll(runs: readonly ResolvedRun[], options: RunAllOptions): Promise<Map<string, Result>> {
  const { request, watch, signal } = options;
  const results = new Map<string, Result>();
  const asked = new Map(runs.map((run) => [run.id, run]));
  const look = async (run: ResolvedRun, share: boolean) => {
    const done = await cachedResult(run, { ...request, share, note: (message) => watch.note(message) });
    if (done) results.set(run.id, done);
    else results.delete(run.id);
  };
  for (const run of asked.values()) await look(run, false);
  const open = [...asked.values()].filter(({ id }) => !results.has(id));
  const needed = new Map(open.flatMap(({ needs }) => needs ? [[needs.id, needs]] : []));
  for (const plain of needed.values()) await look(plain, true);
  const missing = [...new Map([...asked, ...needed]).values()].filter(({ id }) => !results.has(id));
  for (const [id, result] of results) if (asked.has(id)) watch.finished(asked.get(id)!, result);
  const queue = new Queue(missing, results);
  watch.expect(missing);
  // An engine that does not start is said before anything is written.
  const first = missing.length > 0 ? await startWorker(options) : undefined;
  await options.begin();
  const hand = async (worker: Worker | undefined) => {
    for (let run = await queue.next(signal); run; run = await queue.next(signal)) {
      const problem = problemOf(run, results);
      watch.started(run);
      const order = { place: run.spec.place, id: run.id, share: needed.has(run.id) };
      const attempt = async () => {
        worker ??= await startWorker(options);
        if (!worker && !signal.aborted) throw new Error("Its process was told to stop before it began.");
        return await worker?.run(order, (event) => watch.event(run, event));
      };
      // A worker that does not start costs this run, not the others.
      const outcome = problem ?? await attempt().catch((error) => ({ error: messageOf(error) }));
      if (!outcome) break;
      if ("busy" in outcome) {
        watch.note(`Another process is doing run ${run.id}: it is waited for.`);
        queue.defer(run);
        continue;
      }
      if ("error" in outcome || outcome.spent) {
        await worker?.stop();
        worker = undefined;
      }
      const result = "result" in outcome ? outcome.result : await recordFailure(run, { ...outcome, ...options });
      results.set(run.id, result);
      watch.finished(run, result);
    }
    await worker?.stop();
  };
  const others = Array.from({ length: Math.min(request.jobs, queue.size) - 1 }, () => undefined);
  await Promise.all((first ? [first, ...others] : others).map(hand));
  return results;
}

// Why a run cannot be done after the one that it needs.
function problemOf({ needs }: ResolvedRun, results: ReadonlyMap<string, Result>): { error: string } | undefined {
  const done = needs && results.get(needs.id);
  const what = done?.status === "failed" ? "failed" : done?.diverged ? "diverged" : undefined;
  return what ? { error: `The plain fine-tuning that its score looks at (run ${done!.id}) ${what}.` } : undefined;
}

// A failure that cannot be written down is still told.
async function recordFailure(
  run: ResolvedRun,
  { error, request, watch }: { error: string } & Pick<RunAllOptions, "request" | "watch">,
): Promise<Result> {
  const result = failedResult(run, error);
  try {
    await Deno.mkdir(`${request.runs}/${run.id}`, { recursive: true });
    await writeTextAtomic(`${request.runs}/${run.id}/${FILES.result}`, toJson(result));
  } catch (problem) {
    watch.note(`The failure of run ${run.id} could not be written down: ${messageOf(problem)}`);
  }
  return result;
}
