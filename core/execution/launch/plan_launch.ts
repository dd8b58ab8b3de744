/**
 * What to hand to a launcher: the runs of an experiment that are neither done nor queued, in arrays that wait for each other.
 *
 * @module
 */
import { Tuning } from "../../experiment/tune.ts";
import { checkSameRuns, type ExperimentManifest } from "../../results/manifest.ts";
import { canonical, readSoundResult } from "../../results/result.ts";
import type { ResolvedRun } from "../../run/resolve.ts";
import { recordFailure } from "../failure.ts";
import { findResults, type FoundResults } from "../find_results.ts";
import { makeManifest } from "../make_manifest.ts";
import type { Plan } from "../plan.ts";
import { describeTuned } from "../run_experiment.ts";
import { type Launch, type LaunchedRun, launchFolder, readLaunch, readLaunchedRuns } from "./launch_folder.ts";
import { findLaunchedTasks, type LaunchedTasks } from "./launched_tasks.ts";

/** Tasks of one stage, as many as fit into an array. */
export interface PlannedArray {
  /** The stage, in words. */
  readonly title: string;
  readonly kind: "runs" | "next";
  /** Position of its first task in the launch. */
  readonly first: number;
  readonly count: number;
  /** Positions of arrays of this launch that it waits for. */
  readonly after: readonly number[];
  /** Ids of arrays of earlier launches that it waits for. */
  readonly afterIds: readonly string[];
}

/** What a launch will consist of. */
export interface LaunchPlan {
  readonly runs: readonly LaunchedRun[];
  /** Empty if nothing is left to submit. */
  readonly arrays: readonly PlannedArray[];
  /** Ids of runs of this stage that are done. */
  readonly done: readonly string[];
  /** Ids of runs of this stage that are queued or running. */
  readonly queued: readonly string[];
  /** To be written when the arrays are submitted; absent while settings are being tuned. */
  readonly manifest?: ExperimentManifest;
}

/** Options of {@linkcode planLaunch}. */
export interface PlanLaunchOptions {
  /** The most tasks of an array. */
  readonly maxTasks: number;
  /** How many tasks may run at the same time: arrays then follow each other. */
  readonly limit?: number | undefined;
  /** Launches of earlier stages: their runs have ended, those without a result by failing. */
  readonly continues: readonly number[];
  /** The manifest to reproduce. */
  readonly before?: ExperimentManifest | undefined;
  readonly note: (message: string) => void;
}

/** Works out what is left of an experiment. */
export async function planLaunch(plan: Plan, options: PlanLaunchOptions): Promise<LaunchPlan> {
  const { request, registry, grid, resolve, references } = plan;
  const { continues, before, note } = options;
  const tasks = await findLaunchedTasks({ runs: request.runs, registry });
  const ended = await runsOf(continues, request.runs);
  const find = async (runs: readonly ResolvedRun[]) => {
    const { results, missing, ...others } = await findResults(runs, { request, note });
    for (const run of missing) {
      if (ended.has(run.id) && !tasks.byRun.has(run.id)) results.set(run.id, await failureOf(run, plan, note));
    }
    return { ...others, results, missing: missing.filter(({ id }) => !results.has(id)) };
  };
  let stage: FoundResults | undefined;
  const tuning = await Tuning.of({ grid, resolve });
  const isTuned = await tuning.run(async (runs) => (stage = await find(runs)).results);
  if (!isTuned) return await arraysOf(stage!, { ...options, tasks, title: "tuning runs", plan });
  for (const tuned of tuning.tuned) note(describeTuned(tuned));
  const runs = await Promise.all(tuning.coordinates.map(resolve));
  const manifest = await makeManifest(plan, { runs, tuned: tuning.tuned });
  if (before) checkSameRuns(manifest, before);
  const title = tuning.tuned.length > 0 ? "final runs" : "runs";
  return { ...await arraysOf(await find([...runs, ...references]), { ...options, tasks, title }), manifest };
}

async function runsOf(launches: readonly number[], runs: string): Promise<Set<string>> {
  const launched = await Promise.all(launches.map((number) => readLaunchedRuns(launchFolder(runs, number))));
  return new Set(launched.flat().map(({ id }) => id));
}

// The failed result of a run that has ended, recorded now if its task could not.
async function failureOf(run: ResolvedRun, { request: { runs } }: Plan, note: (message: string) => void) {
  const result = await readSoundResult(`${runs}/${run.id}`, { id: run.id, note });
  if (result?.status === "failed") return result;
  return await recordFailure(run, { error: "Its task ended without a result.", runs, note });
}

interface ArraysOptions extends PlanLaunchOptions {
  readonly tasks: LaunchedTasks;
  readonly title: string;
  /** Given where another stage follows. */
  readonly plan?: Plan;
}

// The plain runs that others need, the runs that need none, those that do; and what submits the next stage.
async function arraysOf(
  { requested, prerequisites, results, missing }: FoundResults,
  { tasks, title, plan, maxTasks, limit }: ArraysOptions,
): Promise<LaunchPlan> {
  const queued = missing.filter(({ id }) => tasks.byRun.has(id));
  const left: ResolvedRun[] = missing.filter(({ id }) => !tasks.byRun.has(id));
  const isWaiting = ({ needs }: ResolvedRun) => needs !== undefined && !results.has(needs.id);
  const groups = [
    { title: "plain fine-tuning that other runs need", runs: left.filter(({ id }) => prerequisites.has(id)) },
    { title, runs: left.filter((run) => !prerequisites.has(run.id) && !isWaiting(run)) },
    { title: `${title} that need it`, runs: left.filter((run) => !prerequisites.has(run.id) && isWaiting(run)) },
  ];
  const arrays: PlannedArray[] = [], runs: LaunchedRun[] = [];
  const arrayOf = (run: ResolvedRun) => arrayIdOf(tasks.byRun.get(run.id)!.job);
  for (const [stage, group] of groups.entries()) {
    const plain = stage < 2 ? [] : arrays.flatMap((array, index) => array.title === groups[0]!.title ? [index] : []);
    const needed = queued.filter(({ id }) => group.runs.some(({ needs }) => stage === 2 && needs?.id === id));
    for (let first = 0; first < group.runs.length; first += maxTasks) {
      const count = Math.min(maxTasks, group.runs.length - first);
      const after = limit !== undefined && arrays.length > 0 ? [arrays.length - 1] : plain;
      const afterIds = [...new Set(needed.map(arrayOf))];
      arrays.push({ title: group.title, kind: "runs", first: runs.length + first, count, after, afterIds });
    }
    runs.push(...group.runs.map((run) => launchedRun(run, prerequisites.has(run.id))));
  }
  if (plan && !await hasNext(plan, tasks)) {
    const afterIds = [...new Set(queued.map(arrayOf))];
    const after = arrays.map((_, index) => index);
    arrays.push({ title: "the next stage", kind: "next", first: runs.length, count: 1, after, afterIds });
  }
  return {
    runs,
    arrays,
    done: [...requested.keys()].filter((id) => results.has(id)),
    queued: queued.map(({ id }) => id),
  };
}

const arrayIdOf = (job: string) => job.slice(0, job.lastIndexOf("_"));

function launchedRun({ id, model, spec: { task, label, seed, place } }: ResolvedRun, share: boolean): LaunchedRun {
  return { id, model, task: task.name, method: label, seed, place, share };
}

// Whether another task will submit the next stage of the same experiment, with the same changes.
async function hasNext({ request, url }: Plan, tasks: LaunchedTasks): Promise<boolean> {
  const keyOf = ({ url, request }: Pick<Launch, "url" | "request">) => canonical([url, request]);
  const others = tasks.next.filter(({ job }) => job !== Deno.env.get("OPF_JOB"));
  const launches = await Promise.all(others.map(({ launch }) => readLaunch(launchFolder(request.runs, launch))));
  return launches.some((launch) => launch && keyOf(launch) === keyOf({ url, request }));
}
