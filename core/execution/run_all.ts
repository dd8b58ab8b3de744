/**
 * The runs of an experiment, done by worker processes.
 *
 * @module
 */
import { messageOf } from "../errors.ts";
import type { Result } from "../results/result.ts";
import type { ResolvedRun } from "../run/resolve.ts";
import type { TrainingEvent } from "../training/fine_tune_request.ts";
import { failedPrerequisite, recordFailure } from "./failure.ts";
import { findResults } from "./find_results.ts";
import { Queue } from "./queue.ts";
import { startWorker, type Worker, type WorkerOptions } from "./worker/worker_process.ts";

/** Receives what happens to the runs. */
export interface RunListener {
  /** These are about to be done. */
  expect(runs: readonly ResolvedRun[]): void;
  /** These follow later, in place of those announced before. */
  expectLater(runs: readonly ResolvedRun[]): void;
  started(run: ResolvedRun): void;
  event(run: ResolvedRun, event: TrainingEvent): void;
  finished(run: ResolvedRun, result: Result): void;
  note(message: string): void;
}

/** Options of {@linkcode runAll}. */
export interface RunAllOptions extends WorkerOptions {
  readonly listener: RunListener;
  /** Called once, when an engine has started and before the first run. */
  readonly onStart?: () => Promise<void>;
}

/**
 * Does the runs that are not done yet; one that fails does not stop the others. Returns results by id, fewer than runs if
 * it was interrupted.
 */
export async function runAll(runs: readonly ResolvedRun[], options: RunAllOptions): Promise<Map<string, Result>> {
  const { request, listener, signal, onStart } = options;
  const note = (message: string) => listener.note(message);
  const { requested, prerequisites, results, missing } = await findResults(runs, { request, note });
  for (const [id, result] of results) if (requested.has(id)) listener.finished(requested.get(id)!, result);
  const queue = new Queue(missing, results);
  listener.expect(missing);
  // If the engine does not start, nothing is written.
  const first = missing.length > 0 ? await startWorker(options) : undefined;
  await onStart?.();
  const work = async (worker: Worker | undefined) => {
    for (let run = await queue.next(signal); run; run = await queue.next(signal)) {
      listener.started(run);
      const order = { place: run.spec.place, id: run.id, share: prerequisites.has(run.id) };
      const attempt = async () => {
        worker ??= await startWorker(options);
        if (!worker && !signal.aborted) throw new Error("Its process was stopped before it started.");
        return await worker?.run(order, (event) => listener.event(run!, event));
      };
      // A worker that does not start fails this run, not the others.
      const outcome = failedPrerequisite(run.needs && results.get(run.needs.id)) ??
        await attempt().catch((error) => ({ error: messageOf(error) }));
      if (!outcome) break;
      if ("busy" in outcome) {
        listener.note(`Run ${run.id} is being done by another process; waiting for it.`);
        queue.defer(run);
        continue;
      }
      if ("error" in outcome || outcome.overMemoryBudget) {
        await worker?.stop();
        worker = undefined;
      }
      const result = "result" in outcome
        ? outcome.result
        : await recordFailure(run, { ...outcome, runs: request.runs, note });
      results.set(run.id, result);
      listener.finished(run, result);
    }
    await worker?.stop();
  };
  const others = Array.from({ length: Math.min(request.jobs, queue.size) - 1 }, () => undefined);
  await Promise.all((first ? [first, ...others] : others).map(work));
  return results;
}
