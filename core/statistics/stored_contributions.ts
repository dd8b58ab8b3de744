/**
 * What each example contributes to the metric of its run, from the files of runs that are compared.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { mapConcurrently } from "../io/map_concurrently.ts";
import {
  type ExperimentResults,
  otherSetsProblem,
  readPredictions,
  type RunResult,
} from "../results/experiment_results.ts";
import type { Prediction } from "../results/predictions.ts";

/** A run whose predictions cannot be read, or contradict its result: nothing confirms its score. */
export interface UnconfirmedRun {
  readonly id: string;
  /** In one sentence, without its end. */
  readonly problem: string;
}

/** The contributions of a run's examples, or why there are none. */
export type Contributions = readonly number[] | string;

/** The contributions of all runs of one task, by id. */
export async function readContributions(
  runs: readonly RunResult[],
  results: ExperimentResults,
): Promise<{
  readonly contributions: ReadonlyMap<string, Contributions>;
  readonly unconfirmed: readonly UnconfirmedRun[];
}> {
  const contributions = new Map<string, Contributions>();
  const unconfirmed: UnconfirmedRun[] = [];
  const complete: { readonly id: string; readonly examples: string; readonly values: readonly number[] }[] = [];
  const distinct = [...new Map(runs.map((run) => [run.id, run])).values()];
  await mapConcurrently(distinct, async (run) => {
    const predictions = await readPredictions(results, run);
    if (typeof predictions === "string") {
      contributions.set(run.id, predictions);
      unconfirmed.push({ id: run.id, problem: predictions });
      return;
    }
    const problem = await otherSetsProblem(results, run);
    if (problem !== undefined) unconfirmed.push({ id: run.id, problem });
    if (!predictions.every(({ contribution }) => Number.isFinite(contribution))) {
      contributions.set(run.id, "a run's predictions do not say what each contributes to the metric");
    } else {
      const values = predictions.map(({ contribution }) => contribution!);
      complete.push({ id: run.id, examples: examplesOf(run, predictions), values });
    }
  });
  // Runs on other examples cannot be paired; the majority decides which examples count.
  const order = new Map(distinct.map(({ id }, index) => [id, index]));
  const sets = [
    ...Map.groupBy(
      complete.toSorted((a, b) => order.get(a.id)! - order.get(b.id)!),
      ({ examples }) => examples,
    ).values(),
  ];
  const largest = sets.toSorted((a, b) => b.length - a.length)[0];
  for (const set of sets) {
    for (const { id, values } of set) {
      contributions.set(
        id,
        set === largest ? values : "a run was evaluated on other examples, or by another metric",
      );
    }
  }
  return { contributions, unconfirmed };
}

// A digest of the metric and of what it was computed on.
function examplesOf({ result: { primary } }: RunResult, predictions: readonly Prediction[]): string {
  const examples = predictions.map(({ index, label }) => [index, label]);
  return createHash("sha256").update(JSON.stringify([primary, examples])).digest("hex");
}
