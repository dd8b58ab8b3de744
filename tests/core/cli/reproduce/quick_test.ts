// Together: core/cli/reproduce.ts and experiments/quick.ts.
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import type { ReferenceBaseline } from "../../../../core/results/reference_scores.ts";
import type { Result } from "../../../../core/results/result.ts";
import { inTinyFolder, run } from "../_command.ts";

const TASK = "practice-entailment";

// One task, one method, one seed of what `reproduce` does without arguments; no data, no network.
Deno.test("without an experiment, reproduce runs practice tasks, and tells what the results are worth", () =>
  inTinyFolder(async (folder) => {
    const words = ["--tasks", TASK, "--methods", "fine-tuning", "--seeds", "1", "--runs", "runs", "--threads", "2"];
    const first = await run(["reproduce", ...words, "--json"], folder);
    assertEquals(first.code, 0, first.err);
    const { experiment, results, grounds } = JSON.parse(first.out) as {
      experiment: string;
      results: Result[];
      grounds: ReferenceBaseline[];
    };
    assertEquals([experiment, results.length, grounds.length], ["quick", 1, 1]);
    const [{ metrics }] = results as [Result];
    const [{ task, majority, untrained, ceiling }] = grounds as [ReferenceBaseline];
    assertEquals(task, TASK);
    assertGreater(metrics.accuracy!, majority + 0.1);
    assertGreater(metrics.accuracy!, untrained!["1"]! + 0.02);
    assert(majority >= 0.4 && majority < ceiling! && ceiling! < 1);

    const table = await run(["reproduce", ...words, "--verbose"], folder);
    assertEquals(table.code, 0, table.err);
    assertStringIncludes(table.err, "done before");
    const percent = (value: number) => (100 * value).toFixed(2);
    assertStringIncludes(
      table.out,
      `| ${TASK} (accuracy) | ${percent(majority).padEnd(8)} | ${percent(untrained!["1"]!).padEnd(19)} | ${
        percent(metrics.accuracy!).padEnd(11)
      } | ${percent(ceiling!).padEnd(7)} |`,
    );
    assertStringIncludes(table.out, "practice data");
    assertMatch(table.out.trimEnd().split("\n").at(-1)!, /deno task reproduce glue-minilm --data FOLDER .*\d hours/);
  }));

Deno.test("quick has the six methods, and its reference model apart from them", () =>
  inTinyFolder(async (folder) => {
    const words = ["quick", "--tasks", TASK, "--seeds", "1", "--runs", "runs", "--dry-run", "--json"];
    const { code, out, err } = await run(["reproduce", ...words], folder);
    assertEquals(code, 0, err);
    const { runs } = JSON.parse(out) as { runs: { method: string; model: string }[] };
    assertEquals(runs.map(({ method, model }) => `${model} ${method}`), [
      "practice-bert fine-tuning",
      "practice-bert frozen",
      "practice-bert rate-matched",
      "practice-bert OPF-SVD",
      "practice-bert OPF-MPO static",
      "practice-bert OPF-MPO dynamic",
    ]);
  }));
