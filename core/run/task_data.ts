/**
 * The data of a task, loaded and checked.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import { labelProblem } from "../model/head.ts";
import type { Source } from "../source.ts";
import { primaryMetric, type Task, type TaskData } from "../task.ts";

/** Where a task's data are looked for. */
export interface TaskDataOptions {
  /** `--data`. */
  readonly folder?: string | undefined;
  readonly sources: readonly Source[];
}

/** Loads a task's data; an empty set, a label that does not fit and a name that is taken are a {@linkcode RequestError}. */
export async function loadTaskData(task: Task, { folder, sources }: TaskDataOptions): Promise<TaskData> {
  primaryMetric(task); // throws if it is not one of the task's metrics
  const loaded = await task.load({ ...(folder !== undefined && { folder }), sources });
  const { train, dev, additionalDev = {} } = loaded;
  for (const name of Object.keys(additionalDev)) {
    if (/^[\w-]+$/.test(name) && name !== "dev") continue;
    throw new RequestError(
      `${task.name}: expected letters, digits, - and _ as the name of a dev set, got "${name}".`,
    );
  }
  const isMetric = (name: string) => task.metrics.some((metric) => metric.name === name);
  for (const [split, examples] of Object.entries({ train, dev, ...additionalDev })) {
    if (isMetric(split)) throw new RequestError(`${task.name}: "${split}" names both a metric and a dev set.`);
    if (examples.length === 0) throw new RequestError(`${task.name}: its ${split} set is empty.`);
    for (const { index, label } of examples) {
      const problem = labelProblem(label, task.head);
      if (problem) throw new RequestError(`${task.name}, label of ${split} example ${index}: ${problem}.`);
    }
  }
  return loaded;
}
