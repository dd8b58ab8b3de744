/**
 * Results of runs that are done and need no repetition.
 *
 * @module
 */
import { exists } from "../io/cache.ts";
import { metricOfSet, readPredictions } from "../results/predictions.ts";
import { FILES, readSoundResult, type Result } from "../results/result.ts";
import { checkpointPath } from "./checkpoint_file.ts";
import { fineTunedPath } from "./execute.ts";
import type { ResolvedRun } from "./resolve.ts";
import { withRunLock } from "./run_lock.ts";

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
    const { task } = run.spec;
    const predictions = set === undefined
      ? await readPredictions(folder, result, { metrics: task.metrics })
      : await readPredictions(folder, result, { set, metrics: [metricOfSet(task, set)] });
    if (typeof predictions === "string") return void repeat(`${folder}: ${predictions}`);
  }
  await removeLeftovers(folder);
  if (result.diverged) return result;
  const files = [
    ...(options.keepModels ? [`${folder}/${FILES.model}/model.safetensors`] : []),
    ...(options.share ? [fineTunedPath(run, fineTunedFolder(options))] : []),
  ];
  return (await Promise.all(files.map(exists))).every(Boolean) ? result : undefined;
}

// A process that was killed after it wrote the result left these; a newer checkpoint is one of a repetition, to be resumed.
async function removeLeftovers(folder: string): Promise<void> {
  const [lock, checkpoint] = [`${folder}/${FILES.lock}`, `${folder}/${FILES.checkpoint}`];
  if (!await exists(lock) && !await exists(checkpoint)) return;
  const remove = async () => {
    const [saved, ended] = await Promise.all([checkpointPath(folder), `${folder}/${FILES.result}`].map(timeOf));
    if (await exists(checkpoint) && saved! <= ended!) await Deno.remove(checkpoint, { recursive: true });
  };
  // Where they cannot be removed, on a read-only disk, they do no harm.
  await withRunLock(folder, remove).catch(() => {});
}

// When a file was written; 0 if it is not there.
const timeOf = (path: string): Promise<number> => Deno.stat(path).then(({ mtime }) => mtime?.getTime() ?? 0, () => 0);
