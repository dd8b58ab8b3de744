/**
 * The reference baselines of an experiment's tasks: a constant answer, an untrained model, and the data's own ceiling.
 *
 * @module
 */
import { constantPrediction } from "../model/head.ts";
import type { ManifestBaseline } from "../results/reference_scores.ts";
import type { ResolvedRun } from "../run/resolve.ts";
import { primaryMetric } from "../task.ts";

/** The grounds of each task of an experiment's runs. */
export function referenceBaselines(
  runs: readonly ResolvedRun[],
  untrained: readonly ResolvedRun[],
): ManifestBaseline[] {
  const byTask = new Map(runs.map((run) => [run.spec.task.name, run]));
  return [...byTask].map(([task, run]): ManifestBaseline => {
    const { primary } = run.spec.task;
    return {
      task,
      primary,
      majority: majority(run),
      ...(run.ceiling && { ceiling: defined(run.ceiling[primary]) }),
      runs: untrained.filter(({ spec }) => spec.task.name === task).map(({ id, spec: { seed } }) => ({ id, seed })),
    };
  });
}

function majority({ spec: { task }, examples: { train, dev } }: ResolvedRun): number {
  const constant = constantPrediction(train.map(({ label }) => label!), task.head);
  return defined(primaryMetric(task).compute(dev.map(() => constant), dev.map(({ label }) => label!)));
}

const defined = (value: number | null | undefined): number => Number.isFinite(value) ? value! : 0;
