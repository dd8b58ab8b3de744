/**
 * Results as tables for people.
 *
 * @module
 */
import { mean, sampleStandardDeviation } from "simple-statistics";
import type { Result } from "./results.ts";

/** A result under the label that an experiment asked for it with. */
export type LabelledResult = Pick<Result, "method"> & Result;

/** Rows of cells, the first one the head, as Markdown with columns of even width. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => [...row[column]!].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell + " ".repeat(widths[column]! - [...cell].length)).join(" | ")} |`;
  const [head, ...body] = rows;
  return [line(head!), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)].join("\n");
}

const percent = (value: number | null | undefined) =>
  value === null || value === undefined ? "n/a" : (100 * value).toFixed(2);
const millions = (count: number) => `${(count / 1e6).toFixed(2)} M`;

/** Primary metrics in percent: a row a method, a column a task; mean ± standard deviation over seeds. */
export function metricsTable(results: readonly Result[]): string {
  const done = results.filter(({ status }) => status === "done");
  const tasks = [...new Map(done.map(({ task, primary }) => [task, primary]))];
  const models = [...new Set(done.map(({ model }) => model))];
  const rows = models.flatMap((model) =>
    [...new Set(done.map(({ method }) => method))].map((method) => {
      const cells = tasks.map(([task, primary]) => {
        const runs = done.filter((run) => run.model === model && run.method === method && run.task === task);
        const values = runs.map(({ metrics }) => metrics[primary as keyof Result["metrics"]] ?? 0);
        if (values.length === 0) return "–";
        const spread = values.length > 1 ? ` ± ${percent(sampleStandardDeviation(values))}` : "";
        const diverged = runs.filter((run) => run.diverged).length;
        return percent(mean(values)) + spread + (diverged > 0 ? ` (${diverged} diverged)` : "");
      });
      return [...(models.length > 1 ? [model] : []), method, ...cells];
    })
  );
  const head = tasks.map(([task, primary]) => `${task} (${primary})`);
  return markdownTable([[...(models.length > 1 ? ["model"] : []), "method", ...head], ...rows]);
}

/** What each run cost: a row a run. */
export function costsTable(results: readonly Result[]): string {
  const head = [
    "task",
    "method",
    "seed",
    "metrics",
    "parameters in training",
    "after merging",
    "s per step",
    "total s",
    "peak memory",
    "merge check",
    "run",
  ];
  const rows = results.filter(({ status }) => status === "done").map((run) => [
    run.task,
    run.method,
    String(run.seed),
    Object.entries(run.metrics).map(([name, value]) => `${name} ${percent(value)}`).join(", ") +
    (run.diverged ? " (diverged)" : ""),
    millions(run.parameters.training),
    millions(run.parameters.merged),
    run.seconds.perStep.toFixed(3),
    run.seconds.total.toFixed(0),
    `${(run.memory.peakBytes / 1e9).toFixed(2)} GB`,
    run.merge.maxLogitDifference.toExponential(1),
    run.id,
  ]);
  return markdownTable([head, ...rows]);
}

/** Both tables, what failed, and what single seeds can say. */
export function summary(results: readonly Result[]): string {
  const failures = results.filter(({ status }) => status === "failed")
    .map(({ task, method, seed, error }) => `Failed: ${task}, ${method}, seed ${seed}: ${error}`);
  const done = results.filter(({ status }) => status === "done");
  if (done.length === 0) return failures.join("\n");
  const single = new Set(done.map(({ seed }) => seed)).size === 1;
  return [
    metricsTable(results),
    ...(single ? ["One seed: differences between methods may be chance."] : []),
    "",
    costsTable(results),
    ...failures,
  ].join("\n");
}
