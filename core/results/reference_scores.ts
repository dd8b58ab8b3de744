/**
 * Reference baselines of a task: the score of a constant prediction, of the model from random weights, and the ceiling that
 * the noise of the data sets.
 *
 * @module
 */
import { z } from "zod";
import { mapConcurrently } from "../io/map_concurrently.ts";
import { readSoundResult } from "./result.ts";
import { count, runId } from "./stored_json.ts";

/** The reference baselines of one task before its runs are done; scores are of the primary metric, as fractions. */
export interface ManifestBaseline {
  readonly task: string;
  readonly primary: string;
  /** Of the most frequent class, or the mean, of the training examples; 0 for an undefined coefficient. */
  readonly majority: number;
  /** Of a model that predicts all but the noise of the data; absent if unknown. */
  readonly ceiling?: number;
  /** The model of the runs; absent if there are none. */
  readonly model?: string;
  /** Runs of plain fine-tuning from random weights; empty if the experiment has none. */
  readonly runs: readonly { readonly id: string; readonly seed: number }[];
}

/** The schema of {@linkcode ManifestBaseline}. */
export const manifestBaselineSchema: z.ZodType<ManifestBaseline> = z.object({
  task: z.string(),
  primary: z.string(),
  majority: z.number(),
  ceiling: z.exactOptional(z.number()),
  model: z.exactOptional(z.string()),
  runs: z.array(z.object({ id: runId, seed: count })),
});

/** The reference baselines of one task. */
export interface ReferenceBaseline extends Omit<ManifestBaseline, "runs"> {
  /** Of plain fine-tuning from random weights, by seed; only runs that are done. */
  readonly untrained: { readonly [seed: string]: number };
}

/** The reference baselines with the scores of their runs. */
export async function readReferenceBaselines(
  baselines: readonly ManifestBaseline[],
  { folder, note }: { readonly folder: string; readonly note: (message: string) => void },
): Promise<ReferenceBaseline[]> {
  return await Promise.all(baselines.map(async ({ runs, ...baseline }): Promise<ReferenceBaseline> => {
    const untrained = await mapConcurrently(runs, async ({ id, seed }) => {
      const result = await readSoundResult(`${folder}/${id}`, { id, note });
      return result?.status === "done" ? [[seed, result.metrics[baseline.primary] ?? 0]] : [];
    });
    return { ...baseline, untrained: Object.fromEntries(untrained.flat()) };
  }));
}
