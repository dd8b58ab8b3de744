import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import { readExperimentResults } from "../../../core/results/experiment_results.ts";
import { notes } from "../../../core/report/notes.ts";
import { resultsTable } from "../../../core/report/results_table.ts";
import { compare } from "../../../core/statistics/compare.ts";
import { madeUpPredictions, type MadeUpRun, madeUpRuns, writeMadeUp } from "../report/_made_up.ts";

const SKILLS = { "fine-tuning": 0.75, "rate-matched": 0.76, "OPF-MPO static": 0.93 };

/** Statistics, notes and results of made-up runs. */
async function about(
  runs: readonly MadeUpRun[],
  { without = [], change, draws = 400 }: {
    readonly without?: readonly string[];
    readonly change?: (folder: string) => Promise<void>;
    readonly draws?: number;
  } = {},
) {
  const folder = await Deno.makeTempDir();
  try {
    await writeMadeUp(folder, { experiment: "made-up", baseline: "fine-tuning", runs, without });
    await change?.(folder);
    const evidence = await readExperimentResults("made-up", folder);
    const statistics = await compare(evidence, { draws });
    return { ...statistics, notes: notes(evidence, statistics).join("\n"), table: resultsTable(evidence, statistics) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("each method is compared with the baseline on each task and over all", async () => {
  const { comparisons, table, notes } = await about(madeUpRuns({ skills: SKILLS, tasks: ["rte", "sst2"] }));
  assertEquals(comparisons.map(({ method, task, baseline }) => [method, task, baseline]), [
    ["rate-matched", "rte", "fine-tuning"],
    ["rate-matched", "sst2", "fine-tuning"],
    ["rate-matched", undefined, "fine-tuning"],
    ["OPF-MPO static", "rte", "fine-tuning"],
    ["OPF-MPO static", "sst2", "fine-tuning"],
    ["OPF-MPO static", undefined, "fine-tuning"],
  ]);
  const [, , , rte, sst2, average] = comparisons;
  assertAlmostEquals(average!.difference, (rte!.difference + sst2!.difference) / 2, 1e-12);
  // Two tasks drawn apart: the average spreads less than either.
  assertLess(average!.tested!.standardError, Math.min(rte!.tested!.standardError, sst2!.tested!.standardError));
  for (const { tested } of comparisons) {
    assertGreater(tested!.adjusted, tested!.p - 1e-12);
    // z(1 − 0.05 / 12) is 2.638 and z(0.8) is 0.842, to the table's accuracy.
    assertAlmostEquals(tested!.detectable / tested!.standardError, 2.638 + 0.842, 0.01);
  }
  const row = (method: string) => table.rows.find(({ cells }) => cells[0] === method)!.cells;
  assertEquals(table.head, ["method", "rte (accuracy)", "sst2 (accuracy)", "average", "#To training", "#To merged"]);
  assert(row("OPF-MPO static").slice(1, 4).every((cell) => cell.endsWith("▲")));
  assert(row("rate-matched").every((cell) => !/[▲▼]/.test(cell)));
  assertStringIncludes(notes, "p < 0.05 after Holm over 6 comparisons; 3 are marked");
  assertStringIncludes(notes, "400 draws of seeds and examples");
  assertStringIncludes(notes, "The smallest difference that this table could have shown");
  assertStringIncludes(
    notes,
    "Compared at one shared rate: nothing was tuned, all methods learn at 1e-4 (factors 2e-5)",
  );
});

Deno.test("the same runs give the same statistics", async () => {
  const runs = madeUpRuns({ skills: SKILLS });
  const first = await about(runs), again = await about(runs);
  assertEquals(first.comparisons, again.comparisons);
});

Deno.test("one seed and two are labelled, and draw examples alone", async () => {
  const one = await about(madeUpRuns({ skills: SKILLS, seeds: [1] }));
  assertStringIncludes(one.notes, "One seed: differences between methods may be chance");
  const two = await about(madeUpRuns({ skills: SKILLS, seeds: [1, 2] }));
  assertStringIncludes(two.notes, "speak of these seeds");
  for (const { comparisons, notes } of [one, two]) {
    assertEquals([...new Set(comparisons.map(({ drawn }) => drawn))], ["examples"]);
    assertStringIncludes(notes, "Holm over 2 comparisons, these seeds");
  }
  const three = await about(madeUpRuns({ skills: SKILLS, seeds: [1, 2, 3] }));
  assert(!three.notes.includes("these seeds"));
});

Deno.test("a run that is not there yet is not compared, and its pair neither", async () => {
  const runs = madeUpRuns({ skills: SKILLS });
  const missing = runs.find(({ base, seed }) => base === "fine-tuning" && seed === 2)!;
  const { comparisons, notes, table } = await about(runs, { without: [missing.id] });
  assertEquals(comparisons.map(({ seeds }) => seeds), [[1, 3], [1, 3]]);
  assertStringIncludes(notes, "8 of 9 runs have ended");
  assertStringIncludes(table.rows[0]!.cells[1]!, "(2 of 3)");
});

Deno.test("diverged runs stay in the means and are counted", async () => {
  const runs = madeUpRuns({ skills: SKILLS });
  const all = runs.map((run, at) => at === 4 ? { ...run, skill: 0, changes: { diverged: true } } : run);
  const [whole, diverged] = [await about(runs), await about(all)];
  assertStringIncludes(diverged.notes, "1 run diverged");
  assertStringIncludes(diverged.table.rows[1]!.cells[1]!, "(1 diverged)");
  assertLess(diverged.comparisons[0]!.difference, whole.comparisons[0]!.difference - 0.2);
});

Deno.test("methods of a sweep are compared at the same point", async () => {
  const runs = [1e-5, 1e-4].flatMap((rate, at) =>
    madeUpRuns({
      skills: { "fine-tuning": 0.6 + 0.3 * at, "OPF-MPO static": 0.6 + 0.3 * at },
      point: { "training.learningRate": rate },
      suffix: ` (learningRate ${rate})`,
    })
  );
  const { comparisons } = await about(runs);
  assertEquals(comparisons.map(({ method, baseline }) => [method, baseline]), [
    ["OPF-MPO static (learningRate 0.00001)", "fine-tuning (learningRate 0.00001)"],
    ["OPF-MPO static (learningRate 0.0001)", "fine-tuning (learningRate 0.0001)"],
  ]);
  for (const { difference } of comparisons) assertLess(Math.abs(difference), 0.1);
});

Deno.test("what cannot be tested is said, and its difference shown", async () => {
  const runs = madeUpRuns({ skills: SKILLS });
  const own = runs.map((run) => ({ ...run, changes: { metrics: { accuracy: 0.5 + run.seed / 100 } } }));
  const other = await about(own);
  assertStringIncludes(
    other.notes,
    "Not tested: 2 comparisons (this task's accuracy is not the one that is known here)",
  );
  assertEquals(other.comparisons.map(({ difference, tested }) => [difference, tested]), [[0, undefined], [
    0,
    undefined,
  ]]);
  const lost = await about(runs, { change: (folder) => Deno.remove(`${folder}/${runs[3]!.id}/predictions.jsonl`) });
  assertStringIncludes(lost.notes, "Not tested: 1 comparison (a run's predictions are missing)");
  assertEquals(lost.comparisons.map(({ tested }) => tested !== undefined), [false, true]);
  const elsewhere = await about(runs.map((run, at) => at === 8 ? { ...run, examples: 100 } : run));
  assertStringIncludes(elsewhere.notes, "a run was judged on other examples");
});

Deno.test("constant predictions leave a coefficient undefined: it counts as 0, and is said", async () => {
  const runs = madeUpRuns({ skills: SKILLS }).map((run) => ({
    ...run,
    changes: { primary: "pearson", metrics: { pearson: run.base === "rate-matched" ? null : correlation(run) } },
  }));
  const constant = runs.filter(({ base }) => base === "rate-matched");
  const { notes, comparisons, undefined: found } = await about(runs, {
    change: async (folder) => {
      for (const run of constant) {
        const lines = madeUpPredictions(run).map((line) => JSON.stringify({ ...line, prediction: 1 }) + "\n");
        await Deno.writeTextFile(`${folder}/${run.id}/predictions.jsonl`, lines.join(""));
      }
    },
  });
  assertEquals(
    found.map(({ method, seed, always, draws }) => [method, seed, always, draws]),
    [1, 2, 3].map((seed) => [
      "rate-matched",
      seed,
      true,
      400,
    ]),
  );
  assertStringIncludes(
    notes,
    "rate-matched, seed 1: constant predictions; the coefficient is not defined and counts as 0",
  );
  const baseline = runs.filter(({ base }) => base === "fine-tuning").map(correlation);
  assertAlmostEquals(comparisons[0]!.difference, -baseline.reduce((sum, value) => sum + value, 0) / 3, 1e-12);
});

// Of two classes written as numbers, by its definition.
function correlation(run: MadeUpRun): number {
  const lines = madeUpPredictions(run),
    mean = (of: (at: number) => number) => lines.reduce((sum, _, at) => sum + of(at), 0) / lines.length;
  const x = (at: number) => lines[at]!.prediction, y = (at: number) => lines[at]!.label;
  const product = mean((at) => x(at) * y(at)) - mean(x) * mean(y);
  return product / Math.sqrt((mean(x) - mean(x) ** 2) * (mean(y) - mean(y) ** 2));
}
