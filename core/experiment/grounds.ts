/**
 * What an experiment's figures are to be seen against: what a constant answer reaches, an untrained model, and the data's
 * own ceiling.
 *
 * @module
 */
import { mean } from "simple-statistics";
import type { MetricName, Metrics } from "../task.ts";
import type { Plan } from "./conduct.ts";
import { constantPrediction } from "./conclude.ts";
import { GROUND_METHOD } from "./expand.ts";
import type { PreparedRun } from "./prepare.ts";
import { readResult, type Result } from "./results.ts";
import { markdownTable } from "./table.ts";

/** The grounds of one task, in its primary metric, as fractions. */
export interface Ground {
  readonly task: string;
  readonly primary: MetricName;
  /** Of the training examples' most frequent class, or mean; 0 where a coefficient is not defined. */
  readonly majority: number;
  /** Of plain fine-tuning from random weights, by seed; absent where the experiment has no such ground. */
  readonly untrained?: { readonly [seed: string]: number };
  /** What the data's noise leaves to one who knows all else; absent where it is not known. */
  readonly ceiling?: number;
}

/** The grounds of each task; those of runs that were not done, or failed, are left out. */
export async function groundsOf({ runs, grounds, request }: Plan): Promise<Ground[]> {
  const results = new Map<string, Result>();
  for (const { id } of grounds) {
    const result = await readResult(`${request.runs}/${id}`);
    if (result?.status === "done") results.set(id, result);
  }
  const byTask = [...new Map(runs.map((run) => [run.spec.task.name, run])).values()];
  return byTask.map((run): Ground => {
    const { spec: { task }, ceiling } = run;
    const own = grounds.filter(({ id, spec }) => spec.task.name === task.name && results.has(id));
    const untrained = own.map(({ id, spec: { seed } }) => [seed, primaryOf(results.get(id)!.metrics, task.primary)]);
    return {
      task: task.name,
      primary: task.primary,
      majority: majority(run),
      ...(untrained.length > 0 && { untrained: Object.fromEntries(untrained) }),
      ...(ceiling && { ceiling: primaryOf(ceiling, task.primary) }),
    };
  });
}

function majority({ spec: { task }, examples: { train, dev } }: PreparedRun): number {
  const constant = constantPrediction(train.map(({ label }) => label!), task.head.kind);
  return primaryOf(task.metrics(dev.map(() => constant), dev.map(({ label }) => label!)), task.primary);
}

const primaryOf = (metrics: Metrics | Result["metrics"], name: MetricName): number => {
  const value = metrics[name];
  return Number.isFinite(value) ? value! : 0;
};

/** The grounds beside plain fine-tuning, in percent: a row a task; nothing where no ground was declared or is known. */
export function groundsTable(grounds: readonly Ground[], results: readonly Result[]): string | undefined {
  if (!grounds.some(({ untrained, ceiling }) => untrained || ceiling !== undefined)) return undefined;
  const percent = (values: readonly number[]) => values.length === 0 ? "–" : (100 * mean([...values])).toFixed(2);
  const rows = grounds.map(({ task, primary, majority, untrained, ceiling }) => {
    const plain = results.filter((run) => run.status === "done" && run.task === task && run.method === GROUND_METHOD);
    return [
      `${task} (${primary})`,
      percent([majority]),
      percent(Object.values(untrained ?? {})),
      percent(plain.map(({ metrics }) => primaryOf(metrics, primary))),
      percent(ceiling === undefined ? [] : [ceiling]),
    ];
  });
  return markdownTable([["task", "majority", "from random weights", GROUND_METHOD, "ceiling"], ...rows]);
}
