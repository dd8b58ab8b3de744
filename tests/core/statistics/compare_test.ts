import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import { readExperimentResults } from "../../../core/results/experiment_results.ts";
import { notes } from "../../../core/report/notes.ts";
import { comparisonsTable, resultsTable } from "../../../core/report/results_table.ts";
import type { Result } from "../../../core/results/result.ts";
import { compare } from "../../../core/statistics/compare.ts";
import { madeUpPredictions, madeUpResult, type MadeUpRun, madeUpRuns, writeMadeUp } from "../report/_made_up.ts";

const SEEDS = [1, 2, 3, 4, 5];
const SKILLS = { "fine-tuning": 0.75, "rate-matched": 0.76, "OPF-MPO static": 0.93 };

/** Statistics, notes and results of made-up runs. */
async function about(
  runs: readonly MadeUpRun[],
  { without = [], change, contrasts, modelContrasts }: {
    readonly without?: readonly string[];
    readonly change?: (folder: string) => Promise<void>;
    readonly contrasts?: readonly (readonly [string, string])[];
    readonly modelContrasts?: readonly (readonly [string, string])[];
  } = {},
) {
  const folder = await Deno.makeTempDir();
  try {
    const manifest = {
      experiment: "made-up",
      baseline: "fine-tuning",
      ...contrasts && { contrasts },
      ...modelContrasts && { modelContrasts },
    };
    await writeMadeUp(folder, { ...manifest, runs, without });
    await change?.(folder);
    const results = await readExperimentResults("made-up", folder);
    const statistics = await compare(results);
    return { ...statistics, notes: notes(results, statistics).join("\n"), table: resultsTable(results, statistics) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("each method is compared with the baseline on each task and over all", async () => {
  const { comparisons, table, notes } = await about(
    madeUpRuns({ skills: SKILLS, tasks: ["rte", "sst2"], seeds: SEEDS }),
  );
  const withBaseline = comparisons.filter(({ withBaseline }) => withBaseline);
  assertEquals(withBaseline.map(({ method, task, reference }) => [method, task, reference]), [
    ["rate-matched", "rte", "fine-tuning"],
    ["rate-matched", "sst2", "fine-tuning"],
    ["rate-matched", undefined, "fine-tuning"],
    ["OPF-MPO static", "rte", "fine-tuning"],
    ["OPF-MPO static", "sst2", "fine-tuning"],
    ["OPF-MPO static", undefined, "fine-tuning"],
  ]);
  const [, , , rte, sst2, average] = withBaseline;
  assertAlmostEquals(average!.difference, (rte!.difference + sst2!.difference) / 2, 1e-12);
  for (const { difference, tested } of comparisons) {
    const { p, adjusted, bounds } = tested!;
    const { interval: [low, high], atMost, detectable } = bounds!;
    assertGreater(adjusted, p - 1e-12);
    assertAlmostEquals((low + high) / 2, difference, 1e-9);
    assert(difference < atMost && atMost < high);
    // The interval excludes 0 where p is below 0.05, and only there.
    assertEquals(p < 0.05, low > 0 || high < 0);
    assertGreater(detectable, high - difference);
  }
  const row = (method: string) => table.rows.find(({ cells }) => cells[0] === method)!.cells;
  assertEquals(table.head, ["method", "rte (accuracy)", "sst2 (accuracy)", "average", "#To training", "#To merged"]);
  assert(row("OPF-MPO static").slice(1, 4).every((cell) => cell.endsWith("▲")));
  assert(row("rate-matched").every((cell) => !/[▲▼]/.test(cell)));
  assertStringIncludes(notes, "p < 0.05 after Holm over 9 comparisons");
  assertStringIncludes(notes, "The smallest difference that this table could have shown");
  assertStringIncludes(
    notes,
    "Compared at a shared learning rate: nothing was tuned, all methods train at 1e-4 (factors 2e-5)",
  );
});

Deno.test("by default, methods are compared with the baseline, and over-parameterized ones with the controls", async () => {
  const skills = {
    "fine-tuning": 0.8,
    "rate-matched": 0.8,
    frozen: 0.8,
    LoRA: 0.8,
    "OPF-MPO static": 0.8,
    "OPF-SVD": 0.8,
  };
  const { contrasts } = await about(madeUpRuns({ skills }));
  assertEquals(contrasts, [
    ["rate-matched", "fine-tuning"],
    ["frozen", "fine-tuning"],
    ["LoRA", "fine-tuning"],
    ["OPF-MPO static", "fine-tuning"],
    ["OPF-MPO static", "rate-matched"],
    ["OPF-MPO static", "frozen"],
    ["OPF-SVD", "fine-tuning"],
    ["OPF-SVD", "rate-matched"],
    ["OPF-SVD", "frozen"],
  ]);
});

Deno.test("an experiment's own contrasts are compared, and Holm counts them alone", async () => {
  const contrasts = [["OPF-MPO static", "rate-matched"], ["rate-matched", "fine-tuning"]] as const;
  const { comparisons, table } = await about(madeUpRuns({ skills: SKILLS, seeds: SEEDS }), { contrasts });
  assertEquals(
    comparisons.map(({ method, reference }) => [method, reference]),
    contrasts.toReversed().map((pair) => [...pair]),
  );
  const [least, most] = comparisons.map(({ tested }) => tested!).toSorted((a, b) => a.p - b.p);
  assertAlmostEquals(least!.adjusted, 2 * least!.p, 1e-12);
  assertAlmostEquals(most!.adjusted, most!.p, 1e-12);
  // The results table marks differences from the baseline alone: this one has none declared.
  assert(!table.rows.find(({ cells }) => cells[0] === "OPF-MPO static")!.cells[1]!.includes("▲"));
});

Deno.test("methods of one model are compared with those of the next where that is declared", async () => {
  const sizes = { small: 0.6, medium: 0.75, large: 0.9 };
  const runs = Object.entries(sizes).flatMap(([model, skill]) =>
    madeUpRuns({
      skills: { "fine-tuning": skill, "OPF-MPO static": skill + 0.09 },
      tasks: ["rte", "sst2"],
      seeds: SEEDS,
      model,
    }).map((run) => ({ ...run, id: `${run.id}-${model}` }))
  );
  const modelContrasts = [["OPF-MPO static", "fine-tuning"]] as const;
  const { comparisons, table } = await about(runs, { modelContrasts });
  const across = comparisons.filter(({ reference }) => reference !== "fine-tuning");
  assertEquals(across.map(({ model, method, reference, task }) => [model, method, reference, task]), [
    ...["small", "medium"].flatMap((model, index) =>
      ["rte", "sst2", undefined].map((task) => [
        model,
        "OPF-MPO static",
        `fine-tuning of ${["medium", "large"][index]}`,
        task,
      ])
    ),
  ]);
  const valueOf = (model: string, method: string, task: string) => {
    const found = runs.filter((run) => run.model === model && run.base === method && run.task === task);
    return found.reduce((sum, run) => sum + madeUpResult(run).metrics.accuracy!, 0) / found.length;
  };
  for (const { model, task, difference, tested, withBaseline } of across) {
    if (task === undefined) continue;
    const next = { small: "medium", medium: "large" }[model]!;
    assertAlmostEquals(difference, valueOf(model, "OPF-MPO static", task) - valueOf(next, "fine-tuning", task), 1e-12);
    assert(tested !== undefined && !withBaseline);
  }
  // Holm counts them all; the results table marks those with the baseline alone.
  const least = Math.min(...comparisons.map(({ tested }) => tested!.p));
  const [first] = comparisons.filter(({ tested }) => tested!.p === least);
  assertAlmostEquals(first!.tested!.adjusted, Math.min(1, comparisons.length * least), 1e-9);
  assertEquals(comparisons.length, 9 + 6);
  assert(table.rows.length > 0);
  // Without the declaration, models are apart.
  assertEquals((await about(runs)).comparisons.length, 9);
});

Deno.test("the order of the two only turns the sign", async () => {
  const runs = madeUpRuns({ skills: SKILLS, seeds: SEEDS });
  const [one] = (await about(runs, { contrasts: [["OPF-MPO static", "rate-matched"]] })).comparisons;
  const [other] = (await about(runs, { contrasts: [["rate-matched", "OPF-MPO static"]] })).comparisons;
  assertAlmostEquals(one!.difference, -other!.difference, 1e-12);
  assertAlmostEquals(one!.tested!.p, other!.tested!.p, 1e-12);
  assertAlmostEquals(one!.tested!.bounds!.interval[0], -other!.tested!.bounds!.interval[1], 1e-12);
});

Deno.test("one seed and two give differences without a test, and the reason", async () => {
  const one = await about(madeUpRuns({ skills: SKILLS, seeds: [1] }));
  assertStringIncludes(
    one.notes,
    "Not tested: 3 comparisons (one seed does not say how much seeds vary: a test needs 3)",
  );
  const two = await about(madeUpRuns({ skills: SKILLS, seeds: [1, 2] }));
  assertStringIncludes(two.notes, "Not tested: 3 comparisons (2 seeds do not say how much seeds vary: a test needs 3)");
  for (const { comparisons, table } of [one, two]) {
    assertEquals(comparisons.map(({ tested }) => tested), [undefined, undefined, undefined]);
    assertGreater(comparisons[1]!.difference, 0.1);
    assert(table.rows.every(({ cells }) => cells.every((cell) => !/[▲▼]/.test(cell))));
  }
});

Deno.test("a missing run leaves its pair out", async () => {
  const runs = madeUpRuns({ skills: SKILLS, seeds: SEEDS });
  const missing = runs.find(({ base, seed }) => base === "fine-tuning" && seed === 2)!;
  const { comparisons, notes, table } = await about(runs, { without: [missing.id] });
  assertEquals(comparisons.map(({ seeds }) => seeds), [[1, 3, 4, 5], [1, 3, 4, 5], SEEDS]);
  assertStringIncludes(notes, "14 of 15 runs have ended");
  assertStringIncludes(table.rows[0]!.cells[1]!, "(4 of 5)");
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
  assertEquals(comparisons.map(({ method, reference }) => [method, reference]), [
    ["OPF-MPO static (learningRate 0.00001)", "fine-tuning (learningRate 0.00001)"],
    ["OPF-MPO static (learningRate 0.0001)", "fine-tuning (learningRate 0.0001)"],
  ]);
  for (const { difference } of comparisons) assertLess(Math.abs(difference), 0.1);
});

Deno.test("what cannot be tested is said, and its difference shown", async () => {
  const runs = madeUpRuns({ skills: SKILLS, seeds: SEEDS });
  const lost = await about(runs, { change: (folder) => Deno.remove(`${folder}/${runs[5]!.id}/predictions.jsonl`) });
  assertStringIncludes(lost.notes, "Not tested: 2 comparisons (a run's predictions are missing)");
  assertEquals(lost.comparisons.map(({ tested }) => tested !== undefined), [false, true, false]);
  assert(lost.comparisons.every(({ difference }) => Number.isFinite(difference)));
  const old = await about(runs, {
    change: async (folder) => {
      const lines = madeUpPredictions(runs[5]!).map(({ contribution: _, ...line }) => JSON.stringify(line) + "\n");
      await Deno.writeTextFile(`${folder}/${runs[5]!.id}/predictions.jsonl`, lines.join(""));
    },
  });
  assertStringIncludes(old.notes, "a run's predictions do not say what each contributes to the metric");
  const elsewhere = await about(runs.map((run, index) => index === 8 ? { ...run, examples: 100 } : run));
  assertStringIncludes(elsewhere.notes, "a run was evaluated on other examples, or by another metric");
});

Deno.test("a metric that nobody knows is compared like any other", async () => {
  const half = ({ metrics: { accuracy } }: Result) => ({
    primary: "my-metric",
    metrics: { "my-metric": accuracy! / 2 },
  });
  const runs = madeUpRuns({ skills: SKILLS, seeds: SEEDS });
  const own = await about(runs.map((run) => ({ ...run, changes: half(madeUpResult(run)) })), {
    change: async (folder) => {
      for (const run of runs) {
        const lines = madeUpPredictions(run).map((line) => ({ ...line, contribution: line.contribution! / 2 }));
        const text = lines.map((line) => JSON.stringify(line) + "\n").join("");
        await Deno.writeTextFile(`${folder}/${run.id}/predictions.jsonl`, text);
      }
    },
  });
  const usual = await about(runs);
  assertEquals(own.comparisons.length, 3);
  own.comparisons.forEach(({ difference, tested }, index) => {
    assertAlmostEquals(difference, usual.comparisons[index]!.difference / 2, 1e-12);
    assertAlmostEquals(tested!.p, usual.comparisons[index]!.tested!.p, 1e-9);
  });
  assertStringIncludes(own.table.head.join(), "sst2 (my-metric)");
});

Deno.test("an undefined metric counts as 0, and is named", async () => {
  const runs = madeUpRuns({ skills: SKILLS, seeds: SEEDS }).map((run) => ({
    ...run,
    changes: run.base === "rate-matched" ? { metrics: { accuracy: null } } : {},
  }));
  const { notes, comparisons, undefined: found } = await about(runs);
  assertEquals(found.map(({ method, seed }) => [method, seed]), SEEDS.map((seed) => ["rate-matched", seed]));
  assertStringIncludes(notes, "tiny, sst2, rate-matched, seed 1: the metric is undefined, as of constant predictions");
  const baseline = runs.filter(({ base }) => base === "fine-tuning").map((run) => madeUpResult(run).metrics.accuracy!);
  assertAlmostEquals(comparisons[0]!.difference, -baseline.reduce((sum, value) => sum + value, 0) / 5, 1e-12);
});

Deno.test("where all predictions are equal, the table cannot say what it could have shown", async () => {
  const runs = madeUpRuns({ skills: { "fine-tuning": 1, "rate-matched": 1 }, seeds: SEEDS });
  const { comparisons: [comparison], notes, ...statistics } = await about(runs);
  assertEquals(comparison!.tested, { p: 1, adjusted: 1 });
  assertStringIncludes(notes, "sst2 cannot say (all predictions are equal)");
  const { rows: [row] } = comparisonsTable({ ...statistics, comparisons: [comparison!] });
  assertEquals(row!.cells.filter((cell) => cell === "cannot say").length, 3);
});
