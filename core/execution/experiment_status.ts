/**
 * Where each run of an experiment is: from the files of the run and its launches, and from the launchers' queues.
 *
 * @module
 */
import { z } from "zod";
import { messageOf, RequestError } from "../errors.ts";
import { eventSchema } from "../results/event.ts";
import { type ExperimentManifest, type ListedRun, readManifest } from "../results/manifest.ts";
import { FILES } from "../results/result.ts";
import { readStored } from "../results/stored_json.ts";
import { readTuningRuns } from "../results/tuning_runs.ts";
import { type Claim, readClaim } from "../run/claim.ts";
import { isRunLocked } from "../run/run_lock.ts";
import { BASELINE_METHOD } from "../run/run_spec.ts";
import {
  type LaunchedRun,
  launchFolder,
  launchNumbers,
  logsFolder,
  readLaunch,
  readLaunchedRuns,
} from "./launch/launch_folder.ts";
import { findLaunchedTasks, type LaunchedTasks, type LaunchesOptions } from "./launch/launched_tasks.ts";

/** How far a run has come. */
export interface RunProgress {
  readonly step: number;
  readonly steps: number;
  /** Seconds until its last step, at its speed so far. */
  readonly secondsLeft: number;
}

/** Where a run is. */
export type RunState =
  /** `progress`: it was stopped, and continues there. */
  | { readonly state: "waiting"; readonly progress?: RunProgress }
  | { readonly state: "queued"; readonly job: string; readonly progress?: RunProgress }
  /** Without `job`, by a process of `reproduce`. */
  | { readonly state: "running"; readonly job?: string; readonly host?: string; readonly progress?: RunProgress }
  | { readonly state: "done" }
  /** `log`: path of its task's log. */
  | { readonly state: "failed"; readonly error: string; readonly log?: string };

/** A run of an experiment. */
export interface RunStatus extends ListedRun {
  readonly run: RunState;
}

/** The runs of an experiment, and what is unknown about them. */
export interface ExperimentStatus {
  readonly experiment: string;
  readonly runs: readonly RunStatus[];
  /** Ids of the tasks that will submit its next stage. */
  readonly next: readonly string[];
  /** Sentences about what could not be found out. */
  readonly warnings: readonly string[];
}

/** Runs that are looked at together. */
const CHUNK = 64;
/** Bytes at the end of `events.jsonl` that hold its last step. */
const TAIL_BYTES = 2 ** 16;

/**
 * Finds out where the runs of an experiment are: those of its manifest, of its reference model, and of its launches.
 *
 * @throws {RequestError} if the experiment was never started
 */
export async function experimentStatus(name: string, options: LaunchesOptions): Promise<ExperimentStatus> {
  const { runs: folder } = options;
  const warnings: string[] = [];
  const [manifest, launched] = [await readManifest(name, folder), await launchedRuns(name, folder)];
  const tasks = await findLaunchedTasks(options).catch((error): undefined => {
    warnings.push(`The queue is unknown, so that queued runs count as waiting: ${messageOf(error)}`);
  });
  // Once there is a manifest, final runs are its own, and those that were submitted before it and go on.
  const isShown = ({ id, place }: LaunchedRun) =>
    !manifest || place.plain || place.values?.["training.split"] !== undefined || tasks?.byRun.has(id);
  const rows = new Map<string, ListedRun>();
  const lists = [manifest ? manifestRows(manifest) : [], await readTuningRuns(name, folder), launched.filter(isShown)];
  // A run has one name: the manifest's, if it is there.
  for (const { id, model, task, method, seed } of lists.flat()) rows.getOrInsert(id, { id, model, task, method, seed });
  if (rows.size === 0) {
    throw new RequestError(`There are no runs of "${name}" in ${folder}: deno task reproduce ${name} makes them.`);
  }
  const runs: RunStatus[] = [], waiting = [...rows.values()];
  while (waiting.length > 0) {
    const chunk = waiting.splice(0, CHUNK);
    runs.push(
      ...await Promise.all(chunk.map(async (row) => ({ ...row, run: await runState(row.id, { folder, tasks }) }))),
    );
  }
  const next = (tasks?.next ?? []).filter(({ experiment }) => experiment === name).map(({ job }) => job);
  return { experiment: name, runs, next, warnings };
}

function manifestRows({ runs, grounds = [] }: ExperimentManifest): ListedRun[] {
  const references = grounds.flatMap(({ task, model = "", runs }) =>
    runs.map(({ id, seed }) => ({ id, model, task, method: BASELINE_METHOD, seed }))
  );
  return [...runs, ...references];
}

async function launchedRuns(name: string, folder: string): Promise<LaunchedRun[]> {
  const launches = (await launchNumbers(folder)).map((number) => launchFolder(folder, number));
  const runs = await Promise.all(
    launches.map(async (launch) =>
      (await readLaunch(launch))?.experiment === name ? await readLaunchedRuns(launch) : []
    ),
  );
  return runs.flat();
}

const resultSchema = z.object({ status: z.enum(["done", "failed"]), error: z.exactOptional(z.string()) });

interface StateContext {
  readonly folder: string;
  /** `undefined` if it is unknown. */
  readonly tasks: LaunchedTasks | undefined;
}

async function runState(id: string, { folder, tasks }: StateContext): Promise<RunState> {
  const run = `${folder}/${id}`;
  const task = tasks?.byRun.get(id);
  const result = await readStored(`${run}/${FILES.result}`, resultSchema).catch((error) => ({
    status: "failed" as const,
    error: messageOf(error),
  }));
  // A run may be repeated for what it did not keep.
  const isLocked = await isRunLocked(run);
  if (result?.status === "done" && !task && !isLocked) return { state: "done" };
  const claim = await readClaim(run).catch(() => undefined);
  const progress = await readProgress(`${run}/${FILES.events}`);
  const of = progress && { progress };
  if (task?.state === "running") {
    const host = claim?.job === task.job ? claim.host : task.host;
    return { state: "running", job: task.job, ...(host && { host }), ...(claim?.job === task.job && of) };
  }
  if (isLocked) return { state: "running", ...of };
  if (task) return { state: "queued", job: task.job, ...of };
  if (claim && !claim.released && !tasks) return { state: "running", job: claim.job, host: claim.host, ...of };
  const log = claim && { log: logOf(claim, folder) };
  if (result) return { state: "failed", error: result.error ?? "", ...log };
  if (claim?.error !== undefined) return { state: "failed", error: claim.error, ...log };
  if (claim && !claim.released) {
    return { state: "failed", error: `Its task ${claim.job} ended without a result.`, ...log };
  }
  return { state: "waiting", ...of };
}

const logOf = ({ launch, job }: Claim, folder: string): string =>
  `${logsFolder(launchFolder(folder, launch))}/${job}.log`;

const timeSchema = z.object({ time: z.number() });

async function readProgress(path: string): Promise<RunProgress | undefined> {
  for (const line of (await readTail(path)).split("\n").slice(0, -1).reverse()) {
    if (!line.includes('"type":"step"')) continue;
    try {
      const json: unknown = JSON.parse(line);
      const event = eventSchema.parse(json);
      if (event.type !== "step" || event.step === 0) continue;
      const { time } = timeSchema.parse(json);
      return { step: event.step, steps: event.steps, secondsLeft: time / event.step * (event.steps - event.step) };
    } catch { /* the first line may be cut off */ }
  }
  return undefined;
}

async function readTail(path: string): Promise<string> {
  try {
    using file = await Deno.open(path);
    const { size } = await file.stat();
    await file.seek(Math.max(0, size - TAIL_BYTES), Deno.SeekMode.Start);
    return await new Response(file.readable).text();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return "";
    throw error;
  }
}
