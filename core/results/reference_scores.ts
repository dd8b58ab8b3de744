/**
 * What an experiment's figures are to be seen against: what a constant answer reaches, an untrained model, and the data's
 * own ceiling.
 *
 * @module
 */
import type { MetricName } from "../task.ts";
import { readResult } from "./result.ts";

/** The grounds of one task before its runs are done; metrics are the primary one, as fractions. */
export interface ManifestBaseline {
  readonly task: string;
  readonly primary: MetricName;
  /** Of the training examples' most frequent class, or mean; 0 where a coefficient is not defined. */
  readonly majority: number;
  /** What the data's noise leaves to one who knows all else; absent where it is not known. */
  readonly ceiling?: number;
  /** The runs of plain fine-tuning from random weights; none where the experiment has no such ground. */
  readonly runs: readonly { readonly id: string; readonly seed: number }[];
}

/** The grounds of one task. */
export interface ReferenceBaseline extends Omit<ManifestBaseline, "runs"> {
  /** Of plain fine-tuning from random weights, by seed; only of runs that were done. */
  readonly untrained: { readonly [seed: string]: number };
}

/** The grounds with what their runs reached, where they were done. */
export async function readReferenceBaselines(
  asked: readonly ManifestBaseline[],
  folder: string,
): Promise<ReferenceBaseline[]> {
  return await Promise.all(asked.map(async ({ runs, ...ground }): Promise<ReferenceBaseline> => {
    const results = await Promise.all(runs.map(({ id }) => readResult(`${folder}/${id}`)));
    const done = runs.flatMap(({ seed }, at) => {
      const result = results[at];
      return result?.status === "done" ? [[seed, defined(result.metrics[ground.primary])]] : [];
    });
    return { ...ground, untrained: Object.fromEntries(done) };
  }));
}

const defined = (value: number | null | undefined): number => Number.isFinite(value) ? value! : 0;
