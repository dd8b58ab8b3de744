import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { isMatched, matchedMovements } from "../../../core/report/movement.ts";
import { notes } from "../../../core/report/notes.ts";
import { resultsTable } from "../../../core/report/results_table.ts";
import type { ExperimentResults, RunResult } from "../../../core/results/experiment_results.ts";
import { madeUpResult, type MadeUpRun, MATRICES } from "./_made_up.ts";

const policy = { name: "static-top", options: { n: 1 } };
const factors = { name: "mpo", options: { tensors: 5 } };
const control = { name: "control", options: { rate: "matched" }, reference: factors };

/** A run whose two matrices moved this far. */
function run(
  method: string,
  decomposition: object,
  { seed, moved }: { seed: number; moved: readonly number[] },
): RunResult {
  const description: MadeUpRun = {
    id: `${method}${seed}`,
    model: "m",
    task: "rte",
    method,
    base: method,
    seed,
    point: {},
    skill: 0.7,
    selected: moved.map((distance, index) => ({ name: MATRICES[index]!, step: 0, moved: distance })),
    changes: { settings: { method: { decomposition, policy } } as never },
  };
  return { ...description, result: madeUpResult(description) };
}

const results = (runs: readonly RunResult[]) =>
  ({
    manifest: { experiment: "e", baseline: "OPF", runs },
    runs,
    baselines: [],
    grounds: [],
    warnings: [],
    folder: "",
  }) as unknown as ExperimentResults;

const pair = (seed: number, moved: readonly number[]) => [
  run("OPF", factors, { seed, moved: [0.1, 0.3] }),
  run("rate-matched", control, { seed, moved }),
];

Deno.test("matchedMovements() compares a control with the run of the same seed that it is matched to", () => {
  const movements = matchedMovements(results([...pair(1, [0.2, 0.2]), ...pair(2, [0.3, 0.5]), ...pair(3, [0.1, 0.1])]));
  assertEquals(movements.map(({ run, reference }) => [run.seed, reference.method]), [[1, "OPF"], [2, "OPF"], [
    3,
    "OPF",
  ]]);
  [1, 2, 0.5].forEach((ratio, index) => assertAlmostEquals(movements[index]!.ratio, ratio, 1e-12));
  assertEquals(movements.map(isMatched), [true, false, false]);
});

Deno.test("matchedMovements() leaves out controls without a reference, and references of another policy", () => {
  const [, alone] = pair(1, [0.2, 0.2]);
  const other = run("OPF", { name: "mpo", options: { tensors: 11 } }, { seed: 1, moved: [0.1, 0.3] });
  assertEquals(matchedMovements(results([alone!])), []);
  assertEquals(matchedMovements(results([alone!, other])), []);
});

Deno.test("the table and its notes flag a control that is not matched", () => {
  const off = results([...pair(1, [0.2, 0.2]), ...pair(2, [0.3, 0.5])]);
  const statistics = { comparisons: [], undefined: [], unconfirmed: [], baseline: "OPF", level: 0.05, power: 0.8 };
  const cells = resultsTable(off, statistics).rows.map(({ cells }) => cells[1]!);
  assertEquals(cells.map((cell) => cell.includes("≠")), [false, true]);
  const text = notes(off, statistics as never).join("\n");
  assertStringIncludes(text, "rate-matched moved its matrices 1.00 to 2.00 times as far as OPF; ≠ not matched");
  assertStringIncludes(text, "m, rte, seed 2 (2.00)");
});
