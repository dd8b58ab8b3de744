/**
 * Handing runs to a launcher: a folder with a job script and a list of runs, and arrays that are submitted.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { processEnvironment } from "../../backend/engine.ts";
import type { Launcher } from "../../launcher.ts";
import { backendNamed, type Registry } from "../../registry.ts";
import { experimentFileName } from "../../results/experiment_name.ts";
import { writeManifest } from "../../results/manifest.ts";
import { writeTextAtomic } from "../../results/result.ts";
import { denoTaskArguments } from "../deno_task.ts";
import { externalProcess } from "../external_process.ts";
import type { Plan } from "../plan.ts";
import {
  type LaunchedArray,
  launchFolder,
  launchNumbers,
  logsFolder,
  makeLaunchFolder,
  writeArrays,
  writeLaunch,
} from "./launch_folder.ts";
import type { LaunchPlan, PlannedArray } from "./plan_launch.ts";

/** How to launch. */
export interface SubmitLaunchOptions {
  /** As `--launcher` names it: a name of the program's, or the URL of a module. */
  readonly name: string;
  readonly launcher: Launcher;
  /** What the user wants of the cluster, in its own words. */
  readonly scriptOptions: readonly string[];
  /** How many tasks of an array may run at the same time. */
  readonly limit?: number | undefined;
  /** How often a task that was stopped is put back into the queue. */
  readonly restarts: number;
  /** Arguments of the command that submits the next stage, once this launch has ended. */
  readonly nextArgs: (launch: number) => readonly string[];
  /** The folder that relative paths in the arguments start from. */
  readonly userFolder: string;
}

/** What was submitted. */
export interface SubmittedLaunch {
  readonly number: number;
  readonly folder: string;
  readonly arrays: readonly LaunchedArray[];
}

/** Writes the folder of a launch, submits its arrays, and writes the experiment's manifest if its runs are known. */
export async function submitLaunch(
  plan: Plan,
  { arrays, runs, manifest }: LaunchPlan,
  options: SubmitLaunchOptions,
): Promise<SubmittedLaunch> {
  const { request, experiment, url, modules } = plan;
  const { launcher, limit, restarts, name } = options;
  const { number, folder } = await makeLaunchFolder(request.runs);
  await writeLaunch(folder, { experiment: experiment.name, url, modules, request, launcher: name, restarts }, runs);
  const external = externalProcess();
  if (external) await Deno.copyFile(external.lock, lockOf(folder));
  const submitted: LaunchedArray[] = [];
  for (const array of arrays) {
    const script = `${folder}/${array.kind === "runs" ? "job" : "next"}.sh`;
    if (!submitted.some(({ kind }) => kind === array.kind)) {
      await writeTextAtomic(script, await scriptOf(array.kind, { plan, number, options }));
    }
    const { title, kind, first, count } = array;
    const after = [...array.after.map((at) => submitted[at]!.id), ...array.afterIds];
    const id = await launcher.submit({
      name: experimentFileName(experiment.name),
      script,
      first,
      count,
      after,
      ...(limit !== undefined && { limit }),
    });
    submitted.push({ id, title, kind, first, count });
    await writeArrays(folder, submitted); // before the next one: whatever happens, no array is forgotten
  }
  if (manifest) await writeManifest(manifest, request.runs);
  return { number, folder, arrays: submitted };
}

/** The scripts that a launch would write, with the number that it would get. */
export async function previewLaunch(
  plan: Plan,
  arrays: readonly PlannedArray[],
  options: SubmitLaunchOptions,
): Promise<{ readonly number: number; readonly scripts: readonly string[] }> {
  const number = ((await launchNumbers(plan.request.runs)).at(-1) ?? 0) + 1;
  const kinds = [...new Set(arrays.map(({ kind }) => kind))];
  return { number, scripts: await Promise.all(kinds.map((kind) => scriptOf(kind, { plan, number, options }))) };
}

interface ScriptContext {
  readonly plan: Plan;
  readonly number: number;
  readonly options: SubmitLaunchOptions;
}

async function scriptOf(
  kind: PlannedArray["kind"],
  { plan: { request, registry }, number, options }: ScriptContext,
): Promise<string> {
  const { launcher, scriptOptions, nextArgs, userFolder } = options;
  const folder = launchFolder(request.runs, number);
  const environment = {
    ...processEnvironment(backendNamed(request.backend, registry)),
    INIT_CWD: userFolder,
    NO_COLOR: "1",
  };
  const command = [
    `cd ${quote(fileURLToPath(registry.root))} || exit 1`,
    `export OPF_HOST="$(hostname)"`,
    ...Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`),
    `exec ${(await processOf(kind, { registry, folder, nextArgs: nextArgs(number) })).map(quote).join(" ")}`,
  ].join("\n");
  return launcher.script({ command, logs: logsFolder(folder), options: scriptOptions });
}

async function processOf(
  kind: PlannedArray["kind"],
  { registry: { root }, folder, nextArgs }: {
    readonly registry: Registry;
    readonly folder: string;
    readonly nextArgs: readonly string[];
  },
): Promise<string[]> {
  const flags = externalProcess() ? [`--lock=${lockOf(folder)}`] : [];
  const args = kind === "runs"
    ? await denoTaskArguments("worker", { root, flags, args: ["--launch", folder] })
    : await denoTaskArguments("reproduce", { root, args: nextArgs });
  return [Deno.execPath(), ...args];
}

// A copy of the lock file, so that external modules leave no trace in the project's.
const lockOf = (folder: string) => `${folder}/deno.lock`;

/** A word of a shell command. */
const quote = (word: string): string => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
