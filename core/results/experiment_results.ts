/**
 * What there is of an experiment: what it asked for, and the files of its runs.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import { type ExperimentManifest, type ManifestRun, readManifest } from "./manifest.ts";
import { readReferenceBaselines, type ReferenceBaseline } from "./reference_scores.ts";
import { FILES, type Prediction, readResult, type Result } from "./result.ts";

/** A run that has a result, as the experiment asked for it. */
export interface RunResult extends ManifestRun {
  readonly result: Result;
}

/** What is known of an experiment so far. */
export interface ExperimentResults {
  readonly asked: ExperimentManifest;
  /** Those that have ended, in the order asked for. */
  readonly runs: readonly RunResult[];
  /** What the figures are to be seen against, a task each. */
  readonly grounds: readonly ReferenceBaseline[];
  /** Folder of all runs. */
  readonly folder: string;
}

/** Reads the results of an experiment, fewer than it asked for where it has not ended. */
export async function readExperimentResults(name: string, folder: string): Promise<ExperimentResults> {
  const asked = await readManifest(name, folder);
  if (!asked) {
    throw new RequestError(`There are no runs of "${name}" in ${folder}: deno task reproduce ${name} makes them.`);
  }
  const runs = await Promise.all(asked.runs.map(async (run): Promise<RunResult[]> => {
    const result = await readResult(`${folder}/${run.id}`);
    return result ? [{ ...run, result }] : [];
  }));
  return { asked, runs: runs.flat(), grounds: await readReferenceBaselines(asked.grounds ?? [], folder), folder };
}

/** Runs that were done to their end, diverged ones among them. */
export const doneRuns = ({ runs }: Pick<ExperimentResults, "runs">): RunResult[] =>
  runs.filter(({ result }) => result.status === "done");

/** The primary metric; a coefficient that is not defined counts as 0. */
export const primaryOf = ({ result: { metrics, primary } }: RunResult): number =>
  metrics[primary as keyof typeof metrics] ?? 0;

/** A run's predictions, or nothing where they are not there or not whole. */
export const readPredictions = (
  { folder }: Pick<ExperimentResults, "folder">,
  id: string,
): Promise<Prediction[] | undefined> => readLines<Prediction>(`${folder}/${id}/${FILES.predictions}`);

/** The objects of a file's whole lines, or nothing where there is no file, or what is in it is no such lines. */
export async function readLines<T>(path: string): Promise<T[] | undefined> {
  try {
    const text = await Deno.readTextFile(path);
    return text.slice(0, text.lastIndexOf("\n") + 1).split("\n").filter((line) => line !== "").map((line) =>
      JSON.parse(line)
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
