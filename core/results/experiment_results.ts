/**
 * The results of an experiment so far: its manifest, and the files of its runs.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import { mapConcurrently } from "../io/map_concurrently.ts";
import { type Namespace, tasksByName } from "../registry.ts";
import type { Task } from "../task.ts";
import { type ExperimentManifest, type ManifestRun, readManifest } from "./manifest.ts";
import { metricOfSet, type Prediction, readPredictions as readPredictionsIn } from "./predictions.ts";
import { readReferenceBaselines, type ReferenceBaseline } from "./reference_scores.ts";
import { readSoundResult, type Result, RESULTS_VERSION } from "./result.ts";

/** A run of an experiment with its result. */
export interface RunResult extends ManifestRun {
  readonly result: Result;
}

/** The results of an experiment so far. */
export interface ExperimentResults {
  readonly manifest: ExperimentManifest;
  /** Runs that have ended, in the order of the manifest; all of one results version. */
  readonly runs: readonly RunResult[];
  /** Reference baselines, one per task. */
  readonly baselines: readonly ReferenceBaseline[];
  /** Folder of all runs. */
  readonly folder: string;
  /** Sentences about results that are left out. */
  readonly warnings: readonly string[];
  /** The tasks whose metrics are computed again from predictions, by name. */
  readonly tasks: ReadonlyMap<string, Task>;
}

/** Options of {@linkcode readExperimentResults}. */
export interface ReadExperimentOptions {
  /** A module that exports tasks: predictions confirm all metrics of these. @default none */
  readonly tasks?: Namespace;
}

/** Reads the results of an experiment, fewer than its manifest lists if it has not ended. */
export async function readExperimentResults(
  name: string,
  folder: string,
  { tasks = {} }: ReadExperimentOptions = {},
): Promise<ExperimentResults> {
  const manifest = await readManifest(name, folder);
  if (!manifest) {
    throw new RequestError(`There are no runs of "${name}" in ${folder}: deno task reproduce ${name} makes them.`);
  }
  const warnings = new Set<string>();
  const note = (message: string) => void warnings.add(message);
  const results = new Map<string, Promise<Result | undefined>>(); // runs of several labels share one
  const read = await mapConcurrently(manifest.runs, async (run): Promise<RunResult[]> => {
    const result = await results.getOrInsertComputed(
      run.id,
      () => readSoundResult(`${folder}/${run.id}`, { id: run.id, note }),
    );
    if (!result) return [];
    if (result.task === run.task && result.seed === run.seed) return [{ ...run, result }];
    note(
      `The run ${run.id} is left out: expected ${run.task}, seed ${run.seed}; its result says ${result.task}, ` +
        `seed ${result.seed}.`,
    );
    return [];
  });
  const runs = ofOneVersion(read.flat(), note);
  const baselines = await readReferenceBaselines(manifest.grounds ?? [], { folder, note });
  return { manifest, runs, baselines, folder, warnings: [...warnings], tasks: tasksByName({ tasks }) };
}

// Numbers of different versions cannot be compared: the newest version's stay.
function ofOneVersion(runs: readonly RunResult[], note: (message: string) => void): readonly RunResult[] {
  const newest = Math.max(...runs.map(({ result: { resultsVersion } }) => resultsVersion));
  const same = runs.filter(({ result: { resultsVersion } }) => resultsVersion === newest);
  const older = runs.length - same.length;
  if (older > 0) {
    note(
      `${older} of ${runs.length} runs ${
        older === 1 ? "is" : "are"
      } left out, of an older version than ${newest}: numbers of ` +
        "different versions cannot be pooled.",
    );
  }
  if (runs.length > 0 && newest !== RESULTS_VERSION) {
    note(
      `These results are of version ${newest}; this program computes version ${RESULTS_VERSION}, and numbers of different ` +
        "versions cannot be pooled.",
    );
  }
  return same;
}

/** Runs that were done to their end, diverged ones among them. */
export const doneRuns = ({ runs }: Pick<ExperimentResults, "runs">): RunResult[] =>
  runs.filter(({ result }) => result.status === "done");

/** The primary metric; one that is undefined counts as 0. */
export const primaryOf = ({ result: { metrics, primary } }: RunResult): number => metrics[primary] ?? 0;

/** A run's predictions, or in one sentence why they cannot be used. */
export const readPredictions = (
  { folder, tasks }: Pick<ExperimentResults, "folder" | "tasks">,
  { id, task, result }: Pick<RunResult, "id" | "task" | "result">,
): Promise<Prediction[] | string> =>
  readPredictionsIn(`${folder}/${id}`, result, {
    metrics: tasks.get(task)?.metrics.filter(({ name }) => Object.hasOwn(result.metrics, name)),
  });

/** Why predictions on other dev sets than the first do not confirm a run's scores there; `undefined` if they do. */
export async function otherSetsProblem(
  { folder, tasks }: Pick<ExperimentResults, "folder" | "tasks">,
  { id, task, result }: Pick<RunResult, "id" | "task" | "result">,
): Promise<string | undefined> {
  const known = tasks.get(task);
  for (const set of known ? result.additionalDev ?? [] : []) {
    const metrics = [metricOfSet(known!, set)];
    const predictions = await readPredictionsIn(`${folder}/${id}`, result, { set, metrics });
    if (typeof predictions === "string") return predictions;
  }
}
