/**
 * `RUNS/launches/<n>/`: what was handed to a launcher. `launch.json` says what all of its tasks share, `runs.jsonl` has a run
 * per line, and `arrays.json` the arrays that were submitted.
 *
 * @module
 */
import { z } from "zod";
import { RequestError } from "../../errors.ts";
import type { Request } from "../../experiment/request.ts";
import type { SubmittedArray } from "../../launcher.ts";
import { type ListedRun, listedRunFields, overridesFields } from "../../results/manifest.ts";
import { toJson, writeTextAtomic } from "../../results/result.ts";
import { anyJson, count, readStored, readStoredLines } from "../../results/stored_json.ts";
import type { RunCoordinates } from "../../run/run_spec.ts";

/** `launch.json`. */
export interface Launch {
  readonly experiment: string;
  /** URL of its file. */
  readonly url: string;
  /** Sha256 of modules from outside the tree. */
  readonly modules: readonly string[];
  readonly request: Request;
  /** A name of the program's, or the URL of a module. */
  readonly launcher: string;
  /** How often a task that was stopped is put back into the queue. */
  readonly restarts: number;
}

/** A line of `runs.jsonl`; the task of that position does it. */
export interface LaunchedRun extends ListedRun {
  readonly place: RunCoordinates;
  /** Whether it keeps its weights for other runs. */
  readonly share: boolean;
}

/** An entry of `arrays.json`. */
export interface LaunchedArray extends Pick<SubmittedArray, "id" | "first" | "count"> {
  /** Its stage, in words. */
  readonly title: string;
  /** Whether it does runs, or the task that submits the next stage. */
  readonly kind: "runs" | "next";
}

// A field that is missing here would be dropped on its way to the tasks.
const requestFields = {
  ...overridesFields,
  data: z.exactOptional(z.string()),
  runs: z.string(),
  keepModels: z.boolean(),
  tensorboard: z.boolean(),
  jobs: count,
  threads: z.exactOptional(count),
  device: z.exactOptional(z.enum(["cpu", "gpu"])),
  devices: z.exactOptional(count),
} satisfies Record<keyof Request, z.ZodType>;

const requestSchema: z.ZodType<Request> = z.object(requestFields);

const launchSchema: z.ZodType<Launch> = z.object({
  experiment: z.string(),
  url: z.string(),
  modules: z.array(z.string()),
  request: requestSchema,
  launcher: z.string(),
  restarts: count,
});

const runSchema: z.ZodType<LaunchedRun> = z.object({
  ...listedRunFields,
  place: z.object({
    model: count,
    task: count,
    point: count,
    method: z.string(),
    seed: count,
    values: z.exactOptional(z.record(z.string(), anyJson)),
    plain: z.exactOptional(z.literal(true)),
  }),
  share: z.boolean(),
});

const arraysSchema: z.ZodType<readonly LaunchedArray[]> = z.array(
  z.object({ id: z.string(), first: count, count, title: z.string(), kind: z.enum(["runs", "next"]) }),
);

/** The folder of a launch. */
export const launchFolder = (runs: string, number: number): string => `${runs}/launches/${number}`;

/** The folder of a launch's logs. */
export const logsFolder = (folder: string): string => `${folder}/logs`;

/** Numbers of the launches under a folder of runs, in ascending order. */
export async function launchNumbers(runs: string): Promise<number[]> {
  const numbers: number[] = [];
  try {
    for await (const { name } of Deno.readDir(`${runs}/launches`)) if (/^\d+$/.test(name)) numbers.push(Number(name));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
  }
  return numbers.sort((a, b) => a - b);
}

/** Makes the folder of a new launch; of several processes each gets its own number. */
export async function makeLaunchFolder(runs: string): Promise<{ readonly number: number; readonly folder: string }> {
  await Deno.mkdir(`${runs}/launches`, { recursive: true });
  for (let number = ((await launchNumbers(runs)).at(-1) ?? 0) + 1;; number++) {
    const folder = launchFolder(runs, number);
    try {
      await Deno.mkdir(folder);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) continue;
      throw error;
    }
    await Deno.mkdir(logsFolder(folder));
    return { number, folder };
  }
}

/** Writes what is known before anything is submitted. */
export async function writeLaunch(folder: string, launch: Launch, runs: readonly LaunchedRun[]): Promise<void> {
  await writeTextAtomic(`${folder}/runs.jsonl`, runs.map((run) => JSON.stringify(run) + "\n").join(""));
  await writeTextAtomic(`${folder}/launch.json`, toJson(launch));
}

/** Writes which arrays were submitted so far. */
export const writeArrays = (folder: string, arrays: readonly LaunchedArray[]): Promise<void> =>
  writeTextAtomic(`${folder}/arrays.json`, toJson(arrays));

/**
 * What all tasks of a launch share; `undefined` if it was not written to its end.
 *
 * @throws {RequestError} for a damaged file, here and below
 */
export const readLaunch = (folder: string): Promise<Launch | undefined> =>
  readStored(`${folder}/launch.json`, launchSchema);

/** The runs of a launch, that of task `i` at position `i`. */
export const readLaunchedRuns = async (folder: string): Promise<LaunchedRun[]> =>
  await readStoredLines(`${folder}/runs.jsonl`, runSchema) ?? [];

/** The arrays of a launch. */
export const readArrays = async (folder: string): Promise<readonly LaunchedArray[]> =>
  await readStored(`${folder}/arrays.json`, arraysSchema) ?? [];

/** A launch and the run of one of its tasks. */
export async function readTask(
  folder: string,
  task: number,
): Promise<{ readonly launch: Launch; readonly run: LaunchedRun }> {
  const [launch, run] = [await readLaunch(folder), (await readLaunchedRuns(folder))[task]];
  if (launch && run) return { launch, run };
  throw new RequestError(`${folder}: expected a launch with a task ${task}.`);
}
