import { assertEquals, assertStringIncludes } from "@std/assert";
import type { RunResult } from "../../../core/results/experiment_results.ts";
import { points } from "../../../core/report/numbers.ts";
import { comparisonsTable } from "../../../core/report/results_table.ts";
import { baselinesTable, costsTable, failuresTable, runCount } from "../../../core/report/tables.ts";
import type { Comparison } from "../../../core/statistics/compare.ts";
import { madeUpResult, type MadeUpRun, madeUpRuns } from "./_made_up.ts";

const SKILLS = { small: 0.7, large: 0.9 };

const runs = Object.entries(SKILLS).flatMap(([model, skill]): RunResult[] =>
  madeUpRuns({ skills: { "fine-tuning": skill }, model }).map((run: MadeUpRun) => ({
    ...run,
    result: madeUpResult(run),
  }))
);
const meanOf = (model: string) => {
  const values = runs.filter((run) => run.model === model).map(({ result }) => 100 * result.metrics.accuracy!);
  return (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(2);
};

Deno.test("the reference table lists fine-tuning of each model, and names the untrained model", () => {
  const baseline = {
    task: "sst2",
    primary: "accuracy",
    majority: 0.5,
    model: "tiny, untrained",
    untrained: { 1: 0.6 },
  };
  const { head, caption, rows } = baselinesTable({ baselines: [baseline], runs });
  assertEquals(head, ["task", "majority", "from random weights", "fine-tuning, small", "fine-tuning, large"]);
  assertEquals(rows[0]!.cells, ["sst2 (accuracy)", "50.00", "60.00", meanOf("small"), meanOf("large")]);
  assertStringIncludes(caption, "from random weights: tiny, untrained");
});

Deno.test("a run that failed is named with its model", () => {
  const failed = { ...runs[0]!, result: { ...runs[0]!.result, status: "failed" as const, error: "out of memory" } };
  assertEquals(failuresTable({ runs: [failed, runs[1]!] }).rows.map(({ cells }) => cells), [
    ["small", "sst2", "fine-tuning", "1", "out of memory", runs[0]!.id],
  ]);
});

Deno.test("the merge check is a difference of logits, or the share of generated texts that merging changed", () => {
  const [run] = runs as [RunResult];
  const merge = { maxLogitDifference: 0.0078125, maxFactorizeDifference: 0 };
  const checkOf = (changes: Partial<RunResult["result"]>) => {
    const { head, rows } = costsTable({ runs: [{ ...run, result: { ...run.result, merge, ...changes } }] });
    return rows[0]!.cells[head.indexOf("merge check")];
  };
  assertEquals([checkOf({}), checkOf({ unlabeledAnswers: 0 })], ["7.8e-3", "0.78 % of texts"]);
  assertEquals(checkOf({ merge: { ...merge, maxLogitDifference: 0 } }), "0");
});

Deno.test("the runs from random weights are counted beside the experiment's own", () => {
  const manifest = { runs: Array(8).fill({}) };
  const baseline = { task: "sst2", primary: "accuracy", majority: 0.5 };
  const countOf = (untrained: Record<number, number>) =>
    runCount({ manifest, runs, baselines: [{ ...baseline, untrained }] } as unknown as Parameters<typeof runCount>[0]);
  assertEquals(countOf({}), `${runs.length} of 8 runs`);
  assertEquals(countOf({ 1: 0.6, 2: 0.7 }), `${runs.length} of 8 runs, and 2 from random weights`);
});

Deno.test("the table of differences has the columns of a test only where something was tested", () => {
  const untested: Comparison = {
    model: "small",
    task: "sst2",
    method: "OPF",
    reference: "fine-tuning",
    withBaseline: true,
    seeds: [1, 2],
    difference: -0.00001,
    untested: "2 seeds",
  };
  const tested: Comparison = { ...untested, tested: { p: 0.5, adjusted: 1 } };
  const tableOf = (...comparisons: Comparison[]) => comparisonsTable({ comparisons });
  const alone = tableOf(untested), both = tableOf(untested, tested);
  assertEquals(alone.head, ["method", "compared with", "task", "difference", "seeds"]);
  assertEquals(alone.rows[0]!.cells, ["OPF", "fine-tuning", "sst2", "0.00", "2 seeds"]);
  for (const { cells } of both.rows) assertEquals(cells.length, both.head.length);
  assertEquals(both.rows[0]!.cells.slice(4, 7), ["not tested", "–", "–"]);
});

Deno.test("points() has a sign unless the difference rounds to zero", () =>
  assertEquals([0.0123, -0.0123, 0, -0.00004, 0.00005].map(points), ["+1.23", "−1.23", "0.00", "0.00", "+0.01"]));
