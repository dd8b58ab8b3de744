/**
 * The results as the paper lays them out: a row per method, a column per task, published scores beside measured ones.
 *
 * @module
 */
import { mean } from "simple-statistics";
import { doneRuns, type ExperimentResults, primaryOf, type RunResult } from "../results/experiment_results.ts";
import { type Comparison, LEVEL, type Statistics } from "../statistics/compare.ts";
import { counted, millions, percent, points, pValue, spread } from "./numbers.ts";
import { isMatched, matchedMovements } from "./movement.ts";
import type { Table, TableRow } from "./table.ts";

/** Whether a comparison is marked. */
export const isShown = ({ tested }: Comparison): boolean => tested !== undefined && tested.adjusted < LEVEL;

/** The marks of differences that the table shows. */
export const MARKS = { better: "▲", worse: "▼" } as const;

/** Marks a control that moved farther or less far than the method it is matched to. */
export const NOT_MATCHED = "≠";

/** Primary metrics in percent, mean ± standard deviation over seeds, with parameters in millions. */
export function resultsTable(experiment: ExperimentResults, { comparisons }: Pick<Statistics, "comparisons">): Table {
  const { runs: planned, published } = experiment.manifest;
  const runs = doneRuns(experiment);
  const unmatched = new Set(
    matchedMovements(experiment).filter((movement) => !isMatched(movement)).map(({ run }) => run),
  );
  const primary = new Map(
    runs.map(({ task, result }) => [task, [result.primary, ...result.additionalDev ?? []].join(" / ")]),
  );
  const tasks = [...new Set(planned.map(({ task }) => task))];
  const models = [...new Set(planned.map(({ model }) => model))];
  const several = tasks.length > 1;
  const lead = (model: string, method: string) => models.length > 1 ? [model, method] : [method];
  const rows = models.flatMap((model): TableRow[] => {
    const methods = [...new Set(planned.filter((run) => run.model === model).map(({ method }) => method))];
    const publishedRows = (published?.rows ?? []).filter((row) => (row.model ?? model) === model);
    const publishedOf = (rows: typeof publishedRows) =>
      rows.map(({ method, values, average, parameters }) => ({
        published: true,
        cells: [
          ...lead(model, `${method}, published`),
          ...tasks.map((task) => Object.hasOwn(values, task) ? values[task]!.toFixed(2) : "–"),
          ...several ? [average?.toFixed(2) ?? "–"] : [],
          String(parameters?.training ?? "–"),
          String(parameters?.merged ?? "–"),
        ],
      }));
    const measured = methods.flatMap((method) => {
      const row = runs.filter((run) => run.model === model && run.method === method);
      const ofRow = comparisons.filter((comparison) =>
        comparison.withBaseline && comparison.model === model && comparison.method === method
      );
      const mark = (task?: string) => markOf(ofRow.find((comparison) => comparison.task === task));
      const plannedOf = (task: string) =>
        planned.filter((run) => run.model === model && run.method === method && run.task === task).length;
      const cells = tasks.map((task) => {
        const ofTask = row.filter((run) => run.task === task);
        const isOff = ofTask.some((run) => unmatched.has(run));
        return cellOf(ofTask, plannedOf(task)) + (ofTask.length > 0 ? mark(task) : "") +
          (isOff ? ` ${NOT_MATCHED}` : "");
      });
      const average = several ? [averageOf(row, tasks) + mark()] : [];
      const parameters = (["training", "merged"] as const).map((kind) =>
        row.length > 0 ? millions(mean(row.map(({ result }) => result.parameters[kind]))) : "–"
      );
      const ofMethod = publishedRows.filter((other) => other.method === method);
      return [{ cells: [...lead(model, method), ...cells, ...average, ...parameters] }, ...publishedOf(ofMethod)];
    });
    return [...measured, ...publishedOf(publishedRows.filter(({ method }) => !methods.includes(method)))];
  });
  return {
    name: "results",
    caption:
      `${models.length === 1 ? `${models[0]}. ` : ""}Primary metric in percent, mean ± standard deviation over ` +
      "seeds; parameters (#To) in millions",
    head: [
      ...lead("model", "method"),
      ...tasks.map((task) => primary.has(task) ? `${task} (${primary.get(task)})` : task),
      ...several ? ["average"] : [],
      "#To training",
      "#To merged",
    ],
    headers: models.length > 1 ? 2 : 1,
    rows,
  };
}

function cellOf(runs: readonly RunResult[], planned: number): string {
  if (runs.length === 0) return "–";
  const diverged = runs.filter(({ result }) => result.diverged).length;
  const remarks = [
    ...runs.length < planned ? [`${runs.length} of ${planned}`] : [],
    ...diverged > 0 ? [`${diverged} diverged`] : [],
  ];
  const others = runs[0]!.result.additionalDev ?? [];
  const scores = [runs.map(primaryOf), ...others.map((name) => runs.map(({ result }) => result.metrics[name] ?? 0))];
  return scores.map(spread).join(" / ") + (remarks.length > 0 ? ` (${remarks.join(", ")})` : "");
}

// The mean over tasks of the means over seeds; none if a task is missing.
function averageOf(row: readonly RunResult[], tasks: readonly string[]): string {
  const byTask = tasks.map((task) => row.filter((run) => run.task === task));
  if (byTask.some(({ length }) => length === 0)) return "–";
  const seeds = byTask[0]!.map(({ seed }) => seed);
  const bySeed = seeds.map((seed) => byTask.flatMap((runs) => runs.filter((run) => run.seed === seed)));
  if (bySeed.every(({ length }) => length === tasks.length) && byTask.every(({ length }) => length === seeds.length)) {
    return spread(bySeed.map((runs) => mean(runs.map(primaryOf))));
  }
  return percent(mean(byTask.map((runs) => mean(runs.map(primaryOf)))));
}

const markOf = (comparison: Comparison | undefined): string =>
  comparison && isShown(comparison) ? ` ${comparison.difference > 0 ? MARKS.better : MARKS.worse}` : "";

/** Every comparison with its bounds and p-values: what the marks of the results table rest on. */
export function comparisonsTable({ comparisons }: Pick<Statistics, "comparisons">): Table {
  const several = new Set(comparisons.map(({ model }) => model)).size > 1;
  const anyTested = comparisons.some(({ tested }) => tested !== undefined); // else the columns of the test stay out
  return {
    name: "comparisons",
    caption: "Differences between methods, in points",
    head: [
      ...several ? ["model"] : [],
      "method",
      "compared with",
      "task",
      "difference",
      ...anyTested ? ["95 % interval", "better by at most (95 %)", "p", "p (Holm)", "could have shown"] : [],
      "seeds",
    ],
    headers: several ? 4 : 3,
    rows: comparisons.map((comparison) => {
      const { model, method, reference, task = "average", difference, tested, seeds } = comparison;
      return {
        cells: [
          ...several ? [model] : [],
          method,
          reference,
          task,
          points(difference) + markOf(comparison),
          ...anyTested ? testCells(tested) : [],
          counted(seeds.length, "seed"),
        ],
      };
    }),
  };
}

function testCells(tested: Comparison["tested"]): string[] {
  if (!tested) return ["not tested", "–", "–", "–", "–"];
  const { bounds, p, adjusted } = tested;
  if (!bounds) return ["cannot say", "cannot say", pValue(p), pValue(adjusted), "cannot say"];
  const { interval: [least, most], atMost, detectable } = bounds;
  return [`${points(least)} to ${points(most)}`, points(atMost), pValue(p), pValue(adjusted), percent(detectable)];
}
