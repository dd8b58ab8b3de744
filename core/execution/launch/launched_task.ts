/**
 * One task of a launch: a process that claims a run, does it, and gives it back when it is stopped.
 *
 * @module
 */
import { basename } from "node:path";
import { Interrupted, messageOf, RequestError } from "../../errors.ts";
import type { Registry } from "../../registry.ts";
import { readSoundResult } from "../../results/result.ts";
import { type AttemptOutcome, withClaim } from "../../run/claim.ts";
import type { ResolvedRun } from "../../run/resolve.ts";
import { isRunLocked } from "../../run/run_lock.ts";
import { failedPrerequisite, recordFailure } from "../failure.ts";
import type { RunListener } from "../run_all.ts";
import { startRunner } from "../worker/runner.ts";
import { type Launch, type LaunchedRun, readTask } from "./launch_folder.ts";
import { isClaimAlive, launcherNamed } from "./launched_tasks.ts";

/** `SIGTERM` ends a task; `SIGUSR1` and `SIGUSR2` warn it of its time limit. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const;

/** Options of {@linkcode doLaunchedTask}. */
export interface LaunchedTaskOptions {
  readonly registry: Registry;
  readonly listener: RunListener;
}

/** How a task ended; `busy`: another process does the run. */
interface TaskOutcome extends AttemptOutcome {
  readonly state: "done" | "failed" | "stopped" | "busy";
}

/**
 * Does the task of a launch that the environment names, see {@linkcode ScriptOptions.command}; returns its exit code. A task
 * that is stopped writes a checkpoint, and is put back into the queue.
 */
export async function doLaunchedTask(folder: string, { registry, listener }: LaunchedTaskOptions): Promise<number> {
  const [job, host] = [Deno.env.get("OPF_JOB"), Deno.env.get("OPF_HOST") ?? ""];
  const task = integer("OPF_TASK"), restarts = integer("OPF_RESTARTS") ?? 0;
  if (task === undefined || !job) throw new RequestError("Expected OPF_TASK and OPF_JOB in the environment.");
  const { launch, run: launched } = await readTask(folder, task);
  const { request: { runs }, restarts: maxRestarts } = launch;
  const launcher = await launcherNamed(launch.launcher, registry);
  const signal = stopSignal();
  const ended = await withClaim(`${runs}/${launched.id}`, {
    holder: { launch: Number(basename(folder)), job, restarts, host },
    // An earlier start of the same task is over.
    isAlive: async (claim) => claim.job !== job && await isClaimAlive(claim, { runs, registry }),
    run: () => doRun(launched, { launch, isLastStart: restarts >= maxRestarts, signal, registry, listener }),
  }) ?? { state: "busy" };
  if (ended.state === "busy") listener.note(`Run ${launched.id} is being done by another process.`);
  if (ended.state === "stopped") {
    const isRequeued = await launcher.requeue?.(job);
    listener.note(
      isRequeued ? `Stopped; queued again, restart ${restarts + 1} of at most ${maxRestarts}.` : "Stopped.",
    );
  }
  return ended.state === "failed" ? 1 : 0;
}

interface RunOptions extends LaunchedTaskOptions {
  readonly launch: Launch;
  /** Whether the task is not put back into the queue when it is stopped. */
  readonly isLastStart: boolean;
  readonly signal: AbortSignal;
}

async function doRun(
  { id, place, share }: LaunchedRun,
  { launch, isLastStart, signal, registry, listener }: RunOptions,
): Promise<TaskOutcome> {
  const { request, url, modules } = launch;
  const { runs } = request;
  const note = (message: string) => listener.note(message);
  if (await isRunLocked(`${runs}/${id}`)) return { state: "busy", done: false };
  const threads = integer("OPF_THREADS");
  let run: ResolvedRun | undefined;
  try {
    const runner = await startRunner({
      request: { ...request, ...(threads !== undefined && { threads }) },
      experiment: url,
      modules,
    }, { registry, isStopped: () => signal.aborted, event: (event) => listener.event(run!, event), note });
    run = await runner.prepare({ place, id });
    listener.expect([run]);
    const needed = run.needs && await readSoundResult(`${runs}/${run.needs.id}`, { id: run.needs.id, note });
    const problem = failedPrerequisite(needed);
    if (problem) throw new Error(problem.error);
    listener.started(run);
    listener.finished(run, await runner.run(run, { share }));
    return { state: "done", done: true };
  } catch (error) {
    const isStopped = error instanceof Interrupted;
    if (isStopped && !isLastStart) return { state: "stopped", done: false };
    const message = isStopped
      ? `It was stopped after ${launch.restarts} restarts; the same command continues it.`
      : messageOf(error);
    if (run) listener.finished(run, await recordFailure(run, { error: message, runs, note }));
    else note(message);
    return { state: "failed", done: false, error: message };
  }
}

// Aborted by the first signal that asks to stop.
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of SIGNALS) Deno.addSignalListener(signal, () => controller.abort());
  return controller.signal;
}

function integer(variable: string): number | undefined {
  const text = Deno.env.get(variable);
  return text && /^\d+$/.test(text) ? Number(text) : undefined;
}
