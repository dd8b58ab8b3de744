/**
 * The reference baselines of an experiment's tasks: the majority class, the reference model, and the ceiling of the data.
 *
 * @module
 */
import { constantPrediction } from "../model/head.ts";
import type { ManifestBaseline } from "../results/reference_scores.ts";
import type { ResolvedRun } from "../run/resolve.ts";
import { primaryMetric } from "../task.ts";

/** The reference baselines of each task. */
export function referenceBaselines(
  runs: readonly ResolvedRun[],
  references: readonly ResolvedRun[],
): ManifestBaseline[] {
  const byTask = new Map(runs.map((run) => [run.spec.task.name, run]));
  return [...byTask].map(([task, run]): ManifestBaseline => {
    const { primary } = run.spec.task;
    const ofTask = references.filter(({ spec }) => spec.task.name === task);
    return {
      task,
      primary,
      majority: majorityScore(run),
      ...(run.ceiling && { ceiling: definedOr0(run.ceiling[primary]) }),
      ...(ofTask[0] && { model: ofTask[0].model }),
      runs: ofTask.map(({ id, spec: { seed } }) => ({ id, seed })),
    };
  });
}

// What the most frequent class, or the mean label, of the training examples scores.
function majorityScore({ spec: { task }, examples: { train, dev } }: ResolvedRun): number {
  const constant = constantPrediction(train.map(({ label }) => label!), task.head);
  return definedOr0(primaryMetric(task).compute(dev.map(() => constant), dev.map(({ label }) => label!)));
}

const definedOr0 = (value: number | null | undefined): number => Number.isFinite(value) ? value! : 0;
