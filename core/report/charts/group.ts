/**
 * Runs that belong in one picture: of one model on one task, at one point of a sweep or over all of them.
 *
 * @module
 */
import type { ExperimentResults, RunResult } from "../../results/experiment_results.ts";
import { doneRuns } from "../../results/experiment_results.ts";
import { canonical } from "../../results/result.ts";
import { lastPart, setting } from "../setting.ts";

/** Runs in one picture. */
export interface Group {
  /** For the names of files. */
  readonly name: string;
  readonly model: string;
  readonly task: string;
  readonly point: RunResult["point"];
  readonly runs: readonly RunResult[];
  /** Whether the model has to be named. */
  readonly models: number;
}

/** Done runs by model and task, and where asked for by the points of a sweep. */
export function groupsOf(evidence: ExperimentResults, { byPoint }: { readonly byPoint: boolean }): Group[] {
  const runs = doneRuns(evidence);
  const models = [...new Set(runs.map(({ model }) => model))];
  const groups = Map.groupBy(runs, ({ model, task, point }) => canonical([model, task, byPoint ? point : {}]));
  return [...groups.values()].map((some, at) => {
    const { model, task, point } = some[0]!;
    return {
      name: `${task.replaceAll(/[^\w-]+/g, "-")}-${at + 1}`,
      model,
      task,
      point: byPoint ? point : {},
      runs: some,
      models: models.length,
    };
  });
}

/** Methods in a group, without the points of a sweep, in the order asked for. */
export const methodsOf = ({ runs }: Pick<Group, "runs">): string[] => [...new Set(runs.map(({ base }) => base))];

/** What a group is called in captions. */
export function titleOf({ model, task, point, models }: Group): string {
  const values = Object.entries(point).map(([path, value]) => `${lastPart(path)} ${setting(value)}`);
  return [...models > 1 ? [model] : [], task, ...values].join(", ");
}
