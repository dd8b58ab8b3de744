/**
 * Runs that need not be done, because they were.
 *
 * @module
 */
import { exists } from "../io/cache.ts";
import { fineTunedPath } from "./execute.ts";
import type { ResolvedRun } from "./resolve.ts";
import { FILES, readResult, type Result } from "../results/result.ts";

/** Folder of plainly fine-tuned weights, for scores that need them. */
export const fineTunedFolder = ({ runs }: { readonly runs: string }): string => `${runs}/fine-tuned`;

/** What else a run must leave behind to count as done. */
export interface Wanted {
  /** Its weights, for another run's score. */
  readonly share: boolean;
}

/** The result of a run that was done and left behind all that is wanted now, or nothing. */
export async function finishedResult(
  run: ResolvedRun,
  { runs, keepModels, share }: Wanted & { readonly runs: string; readonly keepModels: boolean },
): Promise<Result | undefined> {
  const result = await readResult(`${runs}/${run.id}`);
  if (result?.status !== "done") return undefined;
  if (result.diverged) return result;
  const files = [
    ...(keepModels ? [`${runs}/${run.id}/${FILES.model}/model.safetensors`] : []),
    ...(share ? [fineTunedPath(run, fineTunedFolder({ runs }))] : []),
  ];
  return (await Promise.all(files.map(exists))).every(Boolean) ? result : undefined;
}
