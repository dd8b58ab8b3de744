/**
 * Runs that belong in one chart: of one model on one task, at one point of a sweep or over all of them.
 *
 * @module
 */
import { doneRuns, type ExperimentResults, type RunResult } from "../../results/experiment_results.ts";
import { canonical } from "../../results/result.ts";
import { lastPart, setting } from "../setting.ts";

/** The runs of one chart. */
export interface Group {
  /** For names of files. */
  readonly name: string;
  readonly model: string;
  readonly task: string;
  readonly point: RunResult["point"];
  readonly runs: readonly RunResult[];
  /** Number of models of the experiment: one of several is named. */
  readonly models: number;
}

/** Done runs by model and task, and optionally by the points of a sweep. */
export function groupsOf(results: ExperimentResults, { byPoint }: { readonly byPoint: boolean }): Group[] {
  const runs = doneRuns(results);
  const models = new Set(runs.map(({ model }) => model)).size;
  const groups = Map.groupBy(runs, ({ model, task, point }) => canonical([model, task, byPoint ? point : {}]));
  return [...groups.values()].map((group, index) => {
    const { model, task, point } = group[0]!;
    return {
      name: `${task.replaceAll(/[^\w-]+/g, "-")}-${index + 1}`,
      model,
      task,
      point: byPoint ? point : {},
      runs: group,
      models,
    };
  });
}

/** Methods of a group, without the points of a sweep, in the order of the experiment. */
export const methodsOf = ({ runs }: Pick<Group, "runs">): string[] => [...new Set(runs.map(({ base }) => base))];

/** What captions call a group. */
export function titleOf({ model, task, point, models }: Group): string {
  const values = Object.entries(point).map(([path, value]) => `${lastPart(path)} ${setting(value)}`);
  return [...models > 1 ? [model] : [], task, ...values].join(", ");
}
