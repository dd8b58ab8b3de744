/**
 * `deno task reproduce … --launcher NAME`: hands the runs of an experiment to a launcher.
 *
 * @module
 */
import { messageOf, RequestError } from "../../errors.ts";
import { launcherNamed } from "../../execution/launch/launched_tasks.ts";
import { type LaunchPlan, planLaunch, type PlannedArray } from "../../execution/launch/plan_launch.ts";
import {
  previewLaunch,
  submitLaunch,
  type SubmitLaunchOptions,
  type SubmittedLaunch,
} from "../../execution/launch/submit_launch.ts";
import type { Plan } from "../../execution/plan.ts";
import { checkRunsFolder } from "../../execution/runs_folder.ts";
import { startWorker } from "../../execution/worker/worker_process.ts";
import { isModulePath, isModuleUrl, moduleUrl } from "../../experiment/module.ts";
import type { OpenRequest } from "../../experiment/request.ts";
import type { Launcher } from "../../launcher.ts";
import { backendNamed, type Registry } from "../../registry.ts";
import { counted } from "../../report/numbers.ts";
import type { ExperimentManifest } from "../../results/manifest.ts";
import type { Arguments, OptionNames } from "../arguments.ts";
import { print, printError } from "../output.ts";
import { userFolder } from "../paths.ts";

/** How often a task that was stopped is put back into the queue, unless `--restarts` says otherwise. */
const RESTARTS = 20;

/** The options of a launch. */
export const launchOptions = ({ launchers }: Pick<Registry, "launchers">): Required<Omit<OptionNames, "words">> => ({
  boolean: ["wait"],
  string: ["launcher", "array-limit", "restarts", "continue"],
  collect: ["launcher-option", ...launchers.map(({ name }) => `${name}-option`)],
});

/** What a user wants of a launcher. */
export interface RequestedLauncher {
  /** A name of the program's, or the URL of a module. */
  readonly name: string;
  /** URL of the module that exports it, if it is none of the program's. */
  readonly url?: string;
  readonly scriptOptions: readonly string[];
  readonly limit: number | undefined;
  readonly restarts: number;
  /** Launches of earlier stages, whose runs have ended. */
  readonly continues: readonly number[];
}

/** The launcher that `--launcher` names; `undefined` where runs are done by processes of this one. */
export async function requestedLauncher(
  options: Arguments,
  { launchers }: Pick<Registry, "launchers">,
): Promise<RequestedLauncher | undefined> {
  const launcher = options.text("launcher");
  const [limit, restarts] = [options.count("array-limit"), options.count("restarts")];
  const ofLauncher = launchers.find(({ name }) => name === launcher);
  const scriptOptions = ["launcher", ...ofLauncher ? [ofLauncher.name] : []].flatMap((name) =>
    options.all(`${name}-option`)
  );
  if (launcher === undefined) {
    const option = [["array-limit", limit], ["restarts", restarts], ["wait", options.flag("wait") || undefined]]
      .find(([, value]) => value !== undefined);
    if (option) throw new RequestError(`--${option[0]}: expected --launcher with it.`);
    return undefined;
  }
  if (options.text("jobs") !== undefined) {
    throw new RequestError("--jobs: expected none with --launcher, whose tasks do one run each; see --array-limit.");
  }
  const name = isModulePath(launcher) ? await moduleUrl(launcher, { cwd: userFolder(), what: "launcher" }) : launcher;
  return {
    name,
    ...(isModuleUrl(name) && { url: name }),
    scriptOptions,
    limit,
    restarts: restarts ?? RESTARTS,
    continues: options.integers("continue") ?? [],
  };
}

/** A launcher that can submit. */
export interface CheckedLauncher extends RequestedLauncher {
  readonly launcher: Launcher;
  /** The most tasks of an array. */
  readonly maxTasks: number;
}

/** Loads a launcher, and checks that this machine can submit: before anything is planned or fetched. */
export async function checkLauncher(
  requested: RequestedLauncher,
  registry: Pick<Registry, "launchers">,
): Promise<CheckedLauncher> {
  const launcher = await launcherNamed(requested.name, registry);
  const { maxTasks = Infinity } = await launcher.check();
  return { ...requested, launcher, maxTasks };
}

/** The request of a launch: one run at a time in each task, on the device that this machine decides for. */
export function launchRequest(request: OpenRequest, registry: Registry): OpenRequest {
  const backend = backendNamed(request.backend, registry);
  const device = request.device ?? (backend.hasGpu?.() ? "gpu" : "cpu");
  if (request.device === undefined && backend.hasGpu && device === "cpu") {
    printError("This machine has no GPU, so the runs will compute on CPUs: --device gpu requests the nodes' GPUs.");
  }
  return { ...request, device, jobs: 1 };
}

/** What {@linkcode launch} does beside submitting. */
export interface LaunchCommand {
  readonly requested: CheckedLauncher;
  /** Arguments of the command. */
  readonly args: readonly string[];
  readonly dryRun: boolean;
  readonly json: boolean;
  /** Whether results follow. */
  readonly wait: boolean;
  /** `--runs` as the user named it. */
  readonly runs: string | undefined;
  readonly before: ExperimentManifest | undefined;
}

/** Submits what is left of an experiment, or prints what would be submitted. */
export async function launch(plan: Plan, command: LaunchCommand): Promise<void> {
  const { requested, args, dryRun, json, before } = command;
  const { maxTasks, limit, continues } = requested;
  if (!dryRun) await checkRunsFolder(plan.request.runs, plan.experiment.name);
  const launchPlan = await planLaunch(plan, { maxTasks, limit, continues, before, note: printError });
  const options: SubmitLaunchOptions = {
    ...requested,
    nextArgs: (number) => [...withoutContinue(args), "--continue", [...continues, number].join(",")],
    userFolder: userFolder(),
  };
  if (dryRun) return printPreview(launchPlan, { json, ...await previewLaunch(plan, launchPlan.arrays, options) });
  if (launchPlan.arrays.length > 0) await prepareLibraries(plan);
  const submitted = launchPlan.arrays.length > 0 ? await submitLaunch(plan, launchPlan, options) : undefined;
  printSubmitted(plan, { ...command, launchPlan, submitted });
}

// A task submits the next stage without waiting for it.
function withoutContinue(args: readonly string[]): string[] {
  const index = args.indexOf("--continue");
  const rest = index < 0 ? args : args.toSpliced(index, 2);
  return rest.filter((arg) => arg !== "--wait");
}

// A process that starts the engine fetches what it needs into the cache, where the tasks find it.
async function prepareLibraries({ request, url, modules, registry }: Plan): Promise<void> {
  const backend = backendNamed(request.backend, registry);
  const signal = new AbortController().signal;
  const options = { request, experiment: url, modules, root: registry.root, backend, signal };
  try {
    const worker = await startWorker({ ...options, listener: { note: printError } });
    await worker?.stop();
  } catch (error) {
    if (request.device !== "gpu") throw error;
    printError(`The library for GPUs is not prepared, so the first task fetches it: ${messageOf(error)}`);
  }
}

const countDone = ({ length }: LaunchPlan["done"]) => `${counted(length, "run is", "runs are")} done`;
const areQueued = ({ length }: LaunchPlan["queued"]) => `${counted(length, "is", "are")} queued`;
const NOTHING_LEFT = "Nothing is left to submit.";
const describeArray = ({ title, count }: Pick<PlannedArray, "title" | "count">) => `${count} × ${title}`;

function printPreview(
  { arrays, done, queued }: LaunchPlan,
  { json, number, scripts }: { readonly json: boolean; readonly number: number; readonly scripts: readonly string[] },
): void {
  if (json) return print(JSON.stringify({ launch: number, arrays, scripts, done: done.length, queued: queued.length }));
  if (arrays.length === 0) return print(`${countDone(done)}, ${areQueued(queued)}. ${NOTHING_LEFT}`);
  print(`${countDone(done)}, ${areQueued(queued)}. Launch ${number} would submit:`);
  for (const [index, array] of arrays.entries()) {
    const after = [...array.after.map((at) => `array ${at + 1}`), ...array.afterIds];
    print(`  array ${index + 1}: ${describeArray(array)}${after.length > 0 ? `, after ${after.join(", ")}` : ""}`);
  }
  for (const script of scripts) print(`\n${script}`);
}

interface Printed extends Pick<LaunchCommand, "json" | "wait" | "runs"> {
  readonly launchPlan: LaunchPlan;
  readonly submitted: SubmittedLaunch | undefined;
}

function printSubmitted({ experiment: { name } }: Plan, { launchPlan, submitted, json, wait, runs }: Printed): void {
  const { done, queued } = launchPlan;
  if (json) {
    if (wait) return; // the results are the document
    const { number = null, arrays = [] } = submitted ?? {};
    return print(
      JSON.stringify({ experiment: name, launch: number, arrays, done: done.length, queued: queued.length }),
    );
  }
  print(`${name}: ${countDone(done)}, ${areQueued(queued)} or running.`);
  if (!submitted) print(NOTHING_LEFT);
  else {
    print(`Submitted as launch ${submitted.number}:`);
    for (const array of submitted.arrays) print(`  job ${array.id}: ${describeArray(array)}`);
    print(`Scripts and logs: ${submitted.folder}`);
  }
  if (wait) return;
  const where = `${name}${runs === undefined ? "" : ` --runs ${runs}`}`;
  if (submitted || queued.length > 0) print(`Follow them: deno task status ${where}`);
  print(`Results so far: deno task report ${where}`);
}
