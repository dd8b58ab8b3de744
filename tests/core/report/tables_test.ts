import { assertEquals, assertStringIncludes } from "@std/assert";
import type { RunResult } from "../../../core/results/experiment_results.ts";
import { baselinesTable, costsTable, failuresTable } from "../../../core/report/tables.ts";
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
});
