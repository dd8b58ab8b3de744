// Together: core/run/execute.ts and everything under it, against the committed run of tests/fixtures.
/**
 * The committed tiny run, redone: its losses and predictions are those of the file made under the same
 * `RESULTS_VERSION`. After raising the version, remake the file:
 *
 *     OPF_REMAKE_TINY_RUN=1 deno task test tests/core/run/tiny_run_test.ts
 */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import type { Prediction } from "../../../core/results/predictions.ts";
import { type Result, RESULTS_VERSION } from "../../../core/results/result.ts";
import { run } from "../cli/_command.ts";
import { events } from "../cli/_processes.ts";

const FOLDER = fileURLToPath(new URL("../../fixtures/tiny_run", import.meta.url));
const EXPECTED = `${FOLDER}/expected.json`;

/** Rounding differs between processors and libraries by 2e-7 on this run; a changed algorithm moves it by more. */
const LOSS_TOLERANCE = 5e-6, LOGIT_TOLERANCE = 1e-5;

interface TinyRun {
  readonly task: string;
  readonly method: string;
  readonly selected: readonly (readonly [name: string, step: number])[];
  readonly losses: readonly number[];
  readonly predictions: readonly Pick<Prediction, "index" | "prediction" | "logits">[];
}

interface Expected {
  readonly resultsVersion: number;
  readonly runs: readonly TinyRun[];
}

async function redo(): Promise<TinyRun[]> {
  const runs = await Deno.makeTempDir();
  try {
    const { code, out, err } = await run([
      ...["reproduce", "tiny_run.ts", "--data", "data", "--runs", runs],
      ...["--backend", "tensorflow", "--device", "cpu", "--threads", "1", "--json"],
    ], FOLDER);
    assertEquals(code, 0, err);
    const { results } = JSON.parse(out) as { results: readonly Result[] };
    return results.map(({ id, task, method, selected }) => ({
      task,
      method,
      selected: selected.map(({ name, step }) => [name, step] as const),
      losses: events(`${runs}/${id}`).filter(({ type }) => type === "step").map(({ loss }) => float(loss)),
      predictions: Deno.readTextFileSync(`${runs}/${id}/predictions.jsonl`).trimEnd().split("\n").map((line) => {
        const { index, prediction, logits } = JSON.parse(line) as Prediction;
        return { index, prediction: float(prediction), logits: logits!.map(float) };
      }),
    }));
  } finally {
    await Deno.remove(runs, { recursive: true });
  }
}

// As many digits as a float32 has.
const float = (value: number) => Number(value.toPrecision(9));

async function remake(): Promise<void> {
  const { runs, ...about } = { resultsVersion: RESULTS_VERSION, runs: await redo() };
  const lines = runs.map((run) => JSON.stringify(run)).join(",\n");
  await Deno.writeTextFile(EXPECTED, `{ "resultsVersion": ${about.resultsVersion}, "runs": [\n${lines}\n] }\n`);
}

function close(actual: number, expected: number, tolerance: number, what: string): void {
  assert(
    Math.abs(actual - expected) <= tolerance,
    `${what}: expected ${expected}, got ${actual}. If the numbers of runs are meant to change, raise RESULTS_VERSION ` +
      "(core/results/result.ts) and remake the tiny run.",
  );
}

Deno.test("the tiny run gives the numbers of its version", async () => {
  if (Deno.env.get("OPF_REMAKE_TINY_RUN")) await remake();
  const { resultsVersion, runs } = JSON.parse(await Deno.readTextFile(EXPECTED)) as Expected;
  assertEquals(resultsVersion, RESULTS_VERSION, "the tiny run was made under another version: remake it");
  const redone = await redo();
  assertEquals(redone.map(({ task, method }) => [task, method]), runs.map(({ task, method }) => [task, method]));
  redone.forEach(({ task, method, selected, losses, predictions }, index) => {
    const expected = runs[index]!;
    const what = `${task}, ${method}`;
    assertEquals(selected, expected.selected, what);
    assertEquals(losses.length, expected.losses.length, what);
    losses.forEach((loss, step) =>
      close(loss, expected.losses[step]!, LOSS_TOLERANCE * expected.losses[step]!, `${what}, loss of step ${step + 1}`)
    );
    assertEquals(predictions.length, expected.predictions.length, what);
    predictions.forEach(({ index, prediction, logits }, at) => {
      const stored = expected.predictions[at]!;
      assertEquals(index, stored.index, what);
      close(prediction, stored.prediction, LOGIT_TOLERANCE, `${what}, prediction ${index}`);
      logits!.forEach((logit, column) =>
        close(logit, stored.logits![column]!, LOGIT_TOLERANCE, `${what}, logit ${column} of example ${index}`)
      );
    });
  });
});
