import * as tasks from "@opf/framework/tasks";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { taskNamed } from "../../../core/registry.ts";
import { makeReport, summarize } from "../../../core/report/report.ts";
import { readExperimentResults } from "../../../core/results/experiment_results.ts";
import { readPredictions } from "../../../core/results/predictions.ts";
import { readResult } from "../../../core/results/result.ts";
import { contributions } from "../../../core/statistics/contributions.ts";
import { computeMetrics } from "../../../core/task.ts";
import { inFolder } from "../../_place.ts";
import { madeUpPredictions, madeUpResult, madeUpRuns, writeMadeUp } from "../report/_made_up.ts";
import { change, ID, inRuns, RUNS } from "./_stored.ts";

const lines = async (file: string) => (await Deno.readTextFile(file)).trimEnd().split("\n");

/** A line with logits: those of its prediction, of another class, or one more. */
function withLogits(line: string, kind: "own" | "other" | "more"): string {
  const prediction = JSON.parse(line);
  const own = prediction.prediction === 1 ? [0, 1] : [1, 0];
  return JSON.stringify({ ...prediction, logits: { own, other: own.toReversed(), more: [...own, -1] }[kind] });
}

for (
  const [what, damage, reason] of [
    ["a line that is null", (all: string[]) => all.with(3, "null"), "line 4"],
    [
      "a label that is a text",
      (all: string[]) => all.with(0, '{"index":0,"label":"1","prediction":1}'),
      'line 1: "label"',
    ],
    ["a line twice", (all: string[]) => [...all, all[0]!], "expected every index once"],
    ["no line", () => [], "missing"],
    [
      "another class than their logits have",
      (all: string[]) => all.map((line, at) => withLogits(line, at === 5 ? "other" : "own")),
      'line 6: "prediction": expected 1, the class of its largest logit, got 0',
    ],
    [
      "another value than their logit",
      (all: string[]) => all.map((line) => JSON.stringify({ ...JSON.parse(line), logits: [0.5] })),
      "expected 0.5, the value of its logit",
    ],
    [
      "more logits on a line",
      (all: string[]) => all.map((line, at) => withLogits(line, at === 7 ? "more" : "own")),
      "expected as many logits on every line, got 2 and 3",
    ],
  ] as const
) {
  Deno.test(`predictions with ${what} are not tested with, and the report says why`, () =>
    inRuns(async (runs) => {
      const file = `${runs}/${ID}/predictions.jsonl`;
      await Deno.writeTextFile(file, damage(await lines(file)).map((line) => line + "\n").join(""));
      const predictions = await readPredictions(`${runs}/${ID}`, {});
      assertStringIncludes(predictions as string, reason);
      const { statistics } = await makeReport(await readExperimentResults("e", runs));
      assertEquals(statistics.comparisons.every(({ tested }) => tested === undefined), true);
    }));
}

Deno.test("predictions of which a result says something else are not used", () =>
  inRuns(async (runs) => {
    const folder = `${runs}/${ID}`;
    const result = (await readResult(folder, ID))!;
    const reason = async (change: Partial<typeof result>) => await readPredictions(folder, { ...result, ...change });
    assertEquals((await reason({ examples: { dev: 20 } })).length, 20);
    assertStringIncludes(
      await reason({ examples: { dev: 21 } }) as string,
      "expected 21 lines by the run's result, got 20",
    );
    const accuracy = result.metrics.accuracy! - 0.05;
    assertStringIncludes(
      await reason({ metrics: { accuracy } }) as string,
      `expected a mean contribution of ${accuracy}, the run's accuracy, got `,
    );
    assertEquals((await reason({ metrics: { accuracy: null } })).length, 20); // undefined
  }));

for (const [task, primary] of [["mrpc", "f1"], ["cola", "matthews"], ["stsb", "spearman"], ["rte", "accuracy"]]) {
  Deno.test(`a report names the run whose ${primary} was edited, whatever examples contribute to it`, () =>
    inFolder(async (runs) => {
      const own = madeUpRuns({ skills: { "fine-tuning": 0.7, "OPF-MPO static": 0.8 }, seeds: [1, 2], tasks: [task!] });
      await writeMadeUp(runs, { experiment: "e", baseline: "fine-tuning", runs: own });
      const { metrics } = taskNamed(task!, { tasks });
      const metric = metrics.find(({ name }) => name === primary)!;
      for (const run of own) {
        const rows = madeUpPredictions(run).map((row) => ({
          ...row,
          prediction: row.prediction + (task === "stsb" ? row.index / 1e3 : 0),
        }));
        const values = {
          predictions: rows.map(({ prediction }) => prediction),
          labels: rows.map(({ label }) => label),
        };
        const ofExamples = contributions(metric, values);
        const lines = rows.map((row, at) => JSON.stringify({ ...row, contribution: ofExamples[at] }) + "\n");
        await Deno.writeTextFile(`${runs}/${run.id}/predictions.jsonl`, lines.join(""));
        const changes = { primary: primary!, metrics: computeMetrics(metrics, values) };
        await Deno.writeTextFile(`${runs}/${run.id}/result.json`, JSON.stringify(madeUpResult({ ...run, changes })));
      }
      const unconfirmed = async () =>
        (await summarize(await readExperimentResults("e", runs, { tasks }))).statistics.unconfirmed.map(({ id }) => id);
      assertEquals(await unconfirmed(), []);
      for (const { name } of metrics) {
        const file = `${runs}/${own[2]!.id}/result.json`, text = await Deno.readTextFile(file);
        await change(file, ["metrics", name], 0.987);
        assertEquals(await unconfirmed(), [own[2]!.id], name);
        await Deno.writeTextFile(file, text);
      }
    }));
}

Deno.test("a report names the run whose score on another dev set was edited", () =>
  inFolder(async (runs) => {
    const own = madeUpRuns({ skills: { "fine-tuning": 0.7 }, seeds: [1, 2], tasks: ["mnli"] });
    await writeMadeUp(runs, { experiment: "e", baseline: "fine-tuning", runs: own });
    for (const run of own) {
      const { metrics } = madeUpResult(run), folder = `${runs}/${run.id}`;
      const changes = { metrics: { ...metrics, mismatched: metrics.accuracy! }, additionalDev: ["mismatched"] };
      await Deno.copyFile(`${folder}/predictions.jsonl`, `${folder}/predictions-mismatched.jsonl`);
      await Deno.writeTextFile(`${folder}/result.json`, JSON.stringify(madeUpResult({ ...run, changes })));
    }
    const unconfirmed = async () =>
      (await summarize(await readExperimentResults("e", runs, { tasks }))).statistics.unconfirmed.map(({ id }) => id);
    assertEquals(await unconfirmed(), []);
    await change(`${runs}/${own[1]!.id}/result.json`, ["metrics", "mismatched"], 0.987);
    assertEquals(await unconfirmed(), [own[1]!.id]);
  }));

Deno.test("a report says which scores their predictions do not confirm, also where nothing is compared", () =>
  inFolder(async (runs) => {
    const alone = RUNS.filter(({ method }) => method === "fine-tuning");
    await writeMadeUp(runs, { experiment: "e", baseline: "fine-tuning", runs: alone });
    const noteOf = async () => {
      const { notes } = await summarize(await readExperimentResults("e", runs));
      return notes.find((note) => note.startsWith("Predictions do not confirm"));
    };
    assertEquals(await noteOf(), undefined);
    const [edited, lost] = alone.map(({ id }) => id) as [string, string];
    await change(`${runs}/${edited}/result.json`, ["metrics", "accuracy"], 0.99);
    await Deno.remove(`${runs}/${lost}/predictions.jsonl`);
    const note = (await noteOf())!;
    assertStringIncludes(note, "the scores of 2 runs");
    assertStringIncludes(note, `${edited} (${runs}/${edited}/predictions.jsonl: expected a mean contribution of 0.99`);
    assertStringIncludes(note, `${lost} (a run's predictions are missing)`);
  }));

Deno.test("predictions that are not those of the run's digest are not used", () =>
  inRuns(async (runs) => {
    const folder = `${runs}/${ID}`, bytes = await Deno.readFile(`${folder}/predictions.jsonl`);
    const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    const files = { "predictions.jsonl": sha256 };
    assertEquals((await readPredictions(folder, { files })).length, 20);
    const text = new TextDecoder().decode(bytes);
    await Deno.writeTextFile(`${folder}/predictions.jsonl`, text.replace('"prediction":1', '"prediction":0'));
    assertStringIncludes(await readPredictions(folder, { files }) as string, "is not the file that the run wrote");
  }));
