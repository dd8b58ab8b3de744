/**
 * The data of a task, loaded and checked.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import { labelProblem } from "../model/head.ts";
import type { Source } from "../source.ts";
import { type Example, type Metric, primaryMetric, type Task, type TaskData } from "../task.ts";

/** Where a task's data are looked for. */
export interface TaskDataOptions {
  /** `--data`. */
  readonly folder?: string | undefined;
  readonly sources: readonly Source[];
}

/** Loads a task's data; sets, examples and metrics that do not fit are a {@linkcode RequestError}. */
export async function loadTaskData(task: Task, { folder, sources }: TaskDataOptions): Promise<TaskData> {
  primaryMetric(task); // throws if it is not one of the task's metrics
  const loaded = await task.load({ ...(folder !== undefined && { folder }), sources });
  if (!Array.isArray(loaded?.train) || !Array.isArray(loaded.dev)) {
    throw new RequestError(`${task.name}: expected load() to return train and dev, two lists of examples.`);
  }
  if (!Object.values(loaded.origin?.files ?? [undefined]).every((digest) => typeof digest === "string")) {
    throw new RequestError(`${task.name}: expected load() to return origin: { files }, a digest for each file.`);
  }
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
    examples.forEach((example, position) => checkExample(example, { task, place: `${split} example`, position }));
    if (split !== "train") checkIndices(examples, `${task.name}, ${split} set`);
  }
  for (const metric of task.metrics) checkMetric(metric, { task, labels: dev.map(({ label }) => label!) });
  return loaded;
}

function checkExample(
  { index, texts, label }: Example,
  { task, place, position }: { readonly task: Task; readonly place: string; readonly position: number },
): void {
  if (!(Number.isSafeInteger(index) && index >= 0)) {
    throw new RequestError(`${task.name}, index of ${place} ${position}: expected an integer from 0, got ${index}.`);
  }
  const isTexts = Array.isArray(texts) && [1, 2].includes(texts.length) &&
    texts.every((text) => typeof text === "string");
  if (!isTexts) {
    throw new RequestError(`${task.name}, texts of ${place} ${index}: expected a list of one or two texts.`);
  }
  const problem = labelProblem(label, task.head);
  if (problem) throw new RequestError(`${task.name}, label of ${place} ${index}: ${problem}.`);
}

// Predictions are stored by index.
function checkIndices(examples: readonly Example[], place: string): void {
  const seen = new Set<number>();
  for (const { index } of examples) {
    if (seen.has(index)) throw new RequestError(`${place}: two examples have the index ${index}.`);
    seen.add(index);
  }
}

// The metric of predictions that are all right: a mistake shows before anything is trained.
function checkMetric(
  metric: Metric,
  { task, labels }: { readonly task: Task; readonly labels: readonly number[] },
): void {
  const what = `${task.name}, ${metric.name} of predictions that are all right:`;
  const value = metric.compute(labels, labels);
  if (!(typeof value === "number" && !(value > 1 + TOLERANCE))) {
    throw new RequestError(`${what} expected a fraction, 1 at most, got ${value}.`);
  }
  if (!metric.perExample || !Number.isFinite(value)) return;
  const contributions = metric.perExample(labels, labels);
  if (contributions.length !== labels.length) {
    throw new RequestError(
      `${what} expected perExample() to return ${labels.length} numbers, got ${contributions.length}.`,
    );
  }
  const mean = contributions.reduce((sum, contribution) => sum + contribution, 0) / labels.length;
  if (!(Math.abs(mean - value) <= TOLERANCE)) {
    throw new RequestError(`${what} expected ${value} as the mean of perExample(), got ${mean}.`);
  }
}

const TOLERANCE = 1e-3;
