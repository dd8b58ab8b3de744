/**
 * Results of runs that are done and need no repetition.
 *
 * @module
 */
import { exists } from "../io/cache.ts";
import { type Prediction, readPredictions } from "../results/predictions.ts";
import { FILES, readSoundResult, type Result } from "../results/result.ts";
import { fineTunedPath } from "./execute.ts";
import type { ResolvedRun } from "./resolve.ts";
import { withRunLock } from "./run_lock.ts";
import { computeMetrics, primaryMetric, type Task } from "../task.ts";

/** Folder of plainly fine-tuned weights, for scores that need them. */
export const fineTunedFolder = ({ runs }: { readonly runs: string }): string => `${runs}/fine-tuned`;

/** What else a run must leave behind to count as done. */
export interface RequiredOutputs {
  /** Its weights, for another run's score. */
  readonly share: boolean;
}

/** Where a run's result is, and what it must have left behind. */
export interface CachedResultOptions extends RequiredOutputs {
  readonly runs: string;
  readonly keepModels: boolean;
  /** Receives a sentence about a damaged file: the run is then repeated. */
  readonly note: (message: string) => void;
}

/** The result of a run that is done and left behind all that is required; `undefined` for one to be done. */
export async function cachedResult(run: ResolvedRun, options: CachedResultOptions): Promise<Result | undefined> {
  const folder = `${options.runs}/${run.id}`;
  const repeat = (message: string) => options.note(`${message.replace(/\.$/, "")}: the run is repeated.`);
  const result = await readSoundResult(folder, { id: run.id, note: repeat });
  if (result?.status !== "done") return undefined;
  for (const set of [undefined, ...result.additionalDev ?? []]) {
    const predictions = await readPredictions(folder, result, { ...(set !== undefined && { set }) });
    const problem = typeof predictions === "string"
      ? predictions
      : otherMetrics(predictions, { result, task: run.spec.task, set });
    if (problem !== undefined) return void repeat(`${folder}: ${problem}`);
  }
  await removeLeftovers(folder);
  if (result.diverged) return result;
  const files = [
    ...(options.keepModels ? [`${folder}/${FILES.model}/model.safetensors`] : []),
    ...(options.share ? [fineTunedPath(run, fineTunedFolder(options))] : []),
  ];
  return (await Promise.all(files.map(exists))).every(Boolean) ? result : undefined;
}

// A metric of the result that its predictions do not have.
function otherMetrics(
  predictions: readonly Prediction[],
  { result: { metrics }, task, set }: {
    readonly result: Result;
    readonly task: Task;
    readonly set?: string | undefined;
  },
): string | undefined {
  const values = {
    predictions: predictions.map(({ prediction }) => prediction),
    labels: predictions.map(({ label }) => label),
  };
  const computed = set === undefined
    ? computeMetrics(task.metrics, values)
    : { [set]: primaryMetric(task).compute(values.predictions, values.labels) };
  for (const [name, value] of Object.entries(computed)) {
    const stated = metrics[name] ?? NaN;
    if (Math.abs(stated - value) < 1e-9 || (Number.isNaN(stated) && !Number.isFinite(value))) continue;
    return `${FILES.result} says ${name} = ${metrics[name]}, its predictions have ${value}`;
  }
}

// A process that was killed after it wrote the result left these.
async function removeLeftovers(folder: string): Promise<void> {
  const [lock, checkpoint] = [`${folder}/${FILES.lock}`, `${folder}/${FILES.checkpoint}`];
  if (!await exists(lock) && !await exists(checkpoint)) return;
  const remove = async () => {
    if (await exists(checkpoint)) await Deno.remove(checkpoint, { recursive: true });
  };
  // Where they cannot be removed, on a read-only disk, they do no harm.
  await withRunLock(folder, remove).catch(() => {});
}
