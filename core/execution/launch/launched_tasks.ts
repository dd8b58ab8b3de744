/**
 * The tasks of all launches that have not ended, by the runs that they do.
 *
 * @module
 */
import { RequestError, unknownName } from "../../errors.ts";
import { importModule, isModuleUrl } from "../../experiment/module.ts";
import { type Launcher, taskId, type TaskState } from "../../launcher.ts";
import type { Registry } from "../../registry.ts";
import type { Claim } from "../../run/claim.ts";
import {
  type Launch,
  type LaunchedArray,
  launchFolder,
  launchNumbers,
  logsFolder,
  readArrays,
  readLaunch,
  readLaunchedRuns,
} from "./launch_folder.ts";

/** A launcher of the program by its name, or the one that a module exports by its URL. */
export async function launcherNamed(name: string, { launchers }: Pick<Registry, "launchers">): Promise<Launcher> {
  const known = launchers.find((launcher) => launcher.name === name);
  if (known) return known;
  if (!isModuleUrl(name)) throw unknownName("launcher", name, launchers.map((launcher) => launcher.name));
  const exported = Object.values(await importModule(name)).filter(isLauncher);
  if (exported.length === 1) return exported[0]!;
  throw new RequestError(`${name}: expected one launcher among its exports, got ${exported.length}.`);
}

const isLauncher = (value: unknown): value is Launcher =>
  typeof value === "object" && value !== null &&
  ["check", "script", "submit", "tasks"].every((key) => typeof (value as Record<string, unknown>)[key] === "function");

/** A task that has not ended. */
export interface LaunchedTask extends TaskState {
  readonly job: string;
  readonly launch: number;
  readonly experiment: string;
}

/** What has not ended of all launches. */
export interface LaunchedTasks {
  /** Tasks by the id of the run that they do; of several the one that runs. */
  readonly byRun: ReadonlyMap<string, LaunchedTask>;
  /** Tasks that submit a next stage. */
  readonly next: readonly LaunchedTask[];
}

/** Where launches are found. */
export interface LaunchesOptions {
  readonly runs: string;
  readonly registry: Pick<Registry, "launchers">;
}

/** Asks launchers for the tasks of all launches. @throws if a launcher does not know */
export async function findLaunchedTasks({ runs, registry }: LaunchesOptions): Promise<LaunchedTasks> {
  const launches = await Promise.all((await launchNumbers(runs)).map(async (number) => {
    const folder = launchFolder(runs, number);
    const [launch, arrays] = [await readLaunch(folder), await readArrays(folder)];
    return launch && arrays.length > 0 ? [{ number, folder, launch, arrays }] : [];
  }));
  const byRun = new Map<string, LaunchedTask>(), next: LaunchedTask[] = [];
  for (const [name, group] of Map.groupBy(launches.flat(), ({ launch }) => launch.launcher)) {
    const launcher = await launcherNamed(name, registry);
    const tasks = await launcher.tasks(group.flatMap(submittedArrays));
    for (const { number, folder, launch: { experiment }, arrays } of group) {
      const alive = arrays.flatMap(({ id, first, count, kind }) =>
        Array.from({ length: count }, (_, position) => ({ job: taskId(id, position), task: first + position, kind }))
          .flatMap((task) => tasks.has(task.job) ? [{ ...task, ...tasks.get(task.job)! }] : [])
      );
      const launched = alive.length > 0 ? await readLaunchedRuns(folder) : [];
      for (const { job, task, kind, state, host } of alive) {
        const entry = { job, launch: number, experiment, state, ...(host !== undefined && { host }) };
        const id = launched[task]?.id;
        if (kind === "next") next.push(entry);
        else if (id !== undefined && (state === "running" || !byRun.has(id))) byRun.set(id, entry);
      }
    }
  }
  return { byRun, next };
}

const submittedArrays = (
  { folder, arrays }: { readonly folder: string; readonly launch: Launch; readonly arrays: readonly LaunchedArray[] },
) => arrays.map(({ id, first, count }) => ({ id, first, count, logs: logsFolder(folder) }));

/** Whether the holder of a claim may still be working. A launch whose files are gone is over. */
export async function isClaimAlive(
  { released, launch: number, job }: Claim,
  { runs, registry }: LaunchesOptions,
): Promise<boolean> {
  if (released) return false;
  const folder = launchFolder(runs, number);
  const [launch, arrays] = [await readLaunch(folder), await readArrays(folder)];
  if (!launch) return false;
  const launcher = await launcherNamed(launch.launcher, registry);
  return (await launcher.tasks(submittedArrays({ folder, launch, arrays }))).get(job)?.state === "running";
}
