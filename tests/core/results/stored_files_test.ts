// Together: core/results/ and core/report/report.ts, on damaged files: each is reported by file and field.
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { RequestError } from "@opf/framework";
import * as tasks from "@opf/framework/tasks";
import { markdown } from "../../../core/report/markdown.ts";
import { makeReport, summarize } from "../../../core/report/report.ts";
import { taskNamed } from "../../../core/registry.ts";
import { readExperimentResults } from "../../../core/results/experiment_results.ts";
import { readManifestFile } from "../../../core/results/manifest.ts";
import { readPredictions } from "../../../core/results/predictions.ts";
import { readResult } from "../../../core/results/result.ts";
import { contributions } from "../../../core/statistics/contributions.ts";
import { computeMetrics } from "../../../core/task.ts";
import { readRunHistory } from "../../../core/results/run_history.ts";
import { inFolder } from "../../_place.ts";
import { madeUpPredictions, madeUpResult, madeUpRuns, writeMadeUp } from "../report/_made_up.ts";
import { fc } from "../../_properties.ts";

const RUNS = madeUpRuns({ skills: { "fine-tuning": 0.7, "OPF-MPO static": 0.8 }, seeds: [1, 2] }).map((run) => ({
  ...run,
  examples: 20,
}));
const ID = RUNS[2]!.id;

const inRuns = (use: (runs: string) => Promise<void>) =>
  inFolder(async (runs) => {
    await writeMadeUp(runs, { experiment: "e", baseline: "fine-tuning", runs: RUNS });
    await use(runs);
  });

/** Replaces what is at a path of a JSON file. */
async function change(file: string, path: readonly string[], value: unknown): Promise<void> {
  const json = JSON.parse(await Deno.readTextFile(file));
  // deno-lint-ignore no-explicit-any -- any JSON
  const parent = path.slice(0, -1).reduce((at: any, key) => at[key], json);
  parent[path.at(-1)!] = value;
  await Deno.writeTextFile(file, JSON.stringify(json));
}

const RESULT_CHANGES: readonly (readonly [path: readonly string[], value: unknown, field: string])[] = [
  [["metrics"], undefined, "metrics"],
  [["metrics"], {}, "metrics"],
  [["metrics", "accuracy"], "0.7", "metrics.accuracy"],
  [["selected", "0", "step"], -1, "selected.0.step"],
  [["parameters", "training"], null, "parameters.training"],
  [["status"], "finished", "status"],
  [["schemaVersion"], 9, "schemaVersion"],
  [["settings"], undefined, "settings"],
  // What contradicts another field.
  [["status"], "failed", "error"],
  [["additionalDev"], ["mismatched"], "metrics"],
  [["settings", "seed"], 7, "settings.seed"],
  [["settings", "task"], { name: "rte" }, "settings.task.name"],
  [["parameters", "trainable"], 1e9, "parameters.trainable"],
  [["selected", "1", "name"], RUNS[2]!.selected![0]!.name, "selected"],
];

for (const [path, value, field] of RESULT_CHANGES) {
  Deno.test(`result.json whose ${path.join(".")} is ${JSON.stringify(value)} is left out, by field`, () =>
    inRuns(async (runs) => {
      const file = `${runs}/${ID}/result.json`;
      await change(file, path, value);
      const error = await assertRejects(() => readResult(`${runs}/${ID}`, ID), RequestError);
      assertStringIncludes((error as Error).message, `${file}: "${field}"`);
      const { runs: read, warnings } = await readExperimentResults("e", runs);
      assertEquals([read.length, warnings.length], [3, 1]);
    }));
}

for (const text of ["null", "[]", "5", '{"schemaVersion":1}', "", "{", "\u0000", "[".repeat(1e5)]) {
  Deno.test(`result.json that is ${text.slice(0, 20) || "empty"} is left out, and the report says so`, () =>
    inRuns(async (runs) => {
      await Deno.writeTextFile(`${runs}/${ID}/result.json`, text);
      const report = await makeReport(await readExperimentResults("e", runs));
      assertEquals(report.experiment.runs.length, 3);
      assertStringIncludes(report.notes[0]!, `${ID}/result.json`);
      assert(!/NaN|undefined/.test(markdown(report)));
    }));
}

Deno.test("result.json of another run is not taken for this one's", () =>
  inRuns(async (runs) => {
    await Deno.copyFile(`${runs}/${RUNS[0]!.id}/result.json`, `${runs}/${ID}/result.json`);
    const { runs: read, warnings } = await readExperimentResults("e", runs);
    assertEquals(read.map(({ id }) => id), RUNS.map(({ id }) => id).filter((id) => id !== ID));
    assertStringIncludes(warnings[0]!, `expected the run "${ID}", got "${RUNS[0]!.id}"`);
  }));

Deno.test("result.json whose seed is not the manifest's is left out", () =>
  inRuns(async (runs) => {
    await change(`${runs}/${ID}/result.json`, ["seed"], 7);
    const { runs: read, warnings } = await readExperimentResults("e", runs);
    assertEquals([read.length, warnings.length], [3, 1]);
  }));

Deno.test("results of an older version are not pooled with new ones", () =>
  inRuns(async (runs) => {
    await change(`${runs}/${ID}/result.json`, ["resultsVersion"], undefined);
    const { runs: read, warnings } = await readExperimentResults("e", runs);
    assertEquals(read.map(({ id }) => id).includes(ID), false);
    assertMatch(warnings.join(" "), /^1 of 4 runs is left out, of an older version than \d+: .* cannot be pooled\.$/);
  }));

Deno.test("results of one older version are reported as what they are", async () => {
  const measured = new URL("../../../docs/measured", import.meta.url).pathname;
  const results = await readExperimentResults("ablations/controls", measured);
  assertEquals(results.runs.length, results.manifest.runs.length);
  assertMatch(results.warnings.join(" "), /^These results are of version 1; this program computes version \d/);
});

const MANIFEST_CHANGES: readonly (readonly [path: readonly string[], value: unknown, field: string])[] = [
  [["runs"], [null], "runs.0"],
  [["runs", "0", "id"], "../../etc", "runs.0.id"],
  [["runs", "1", "seed"], 1, "runs"],
  [["runs", "1", "seed"], "1", "runs.1.seed"],
  [["tuned"], {}, "tuned"],
  [["grounds"], 5, "grounds"],
  [["published"], {}, "published.source"],
  [["baseline"], undefined, "baseline"],
  [["declaration"], { file: "e", sha256: "00", modules: [], changes: {} }, "declaration.sha256"],
];

for (const [path, value, field] of MANIFEST_CHANGES) {
  Deno.test(`a manifest whose ${path.join(".")} is ${JSON.stringify(value)} is an error that names the field`, () =>
    inRuns(async (runs) => {
      const file = `${runs}/experiments/e.json`;
      await change(file, path, value);
      const error = await assertRejects(() => readManifestFile(file), RequestError);
      assertStringIncludes((error as Error).message, `${file}: "${field}`);
    }));
}

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

Deno.test("a damaged line of events is named; a last line that was being written is left out", () =>
  inRuns(async (runs) => {
    const folder = `${runs}/${ID}`, file = `${folder}/events.jsonl`;
    const whole = await Deno.readTextFile(file);
    const { steps } = await readRunHistory(folder);
    await Deno.writeTextFile(file, whole + '{"type":"step","st');
    assertEquals((await readRunHistory(folder)).steps.length, steps.length);
    await Deno.writeTextFile(file, whole.replace('"type":"evaluation"', '"type":"evalution"'));
    const error = await assertRejects(() => readRunHistory(folder), RequestError);
    assertMatch((error as Error).message, /events\.jsonl, line \d+: "type"/);
    const report = await makeReport(await readExperimentResults("e", runs));
    assertStringIncludes(report.notes[0]!, "events.jsonl, line");
  }));

Deno.test("numbers of events that are not finite read as NaN", () =>
  inRuns(async (runs) => {
    const folder = `${runs}/${ID}`;
    const event = {
      type: "step",
      step: 1,
      steps: 2,
      loss: Infinity,
      gradientNorm: NaN,
      rate: 1,
      seconds: 1,
      examples: 8,
      residentBytes: 1,
    };
    await Deno.writeTextFile(`${folder}/events.jsonl`, JSON.stringify(event) + "\n");
    const { steps, losses } = await readRunHistory(folder);
    assertEquals([[...steps], [...losses]], [[1], [NaN]]);
  }));

Deno.test("whatever bytes are in the files of a run, the report is made or refused in one sentence", () =>
  inRuns(async (runs) => {
    const files = [
      `experiments/e.json`,
      ...["result.json", "predictions.jsonl", "events.jsonl"].map((file) => `${ID}/${file}`),
    ];
    const originals = new Map(
      await Promise.all(files.map(async (file) => [file, await Deno.readFile(`${runs}/${file}`)] as const)),
    );
    const mutation = fc.record({
      file: fc.constantFrom(...files),
      at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      byte: fc.constantFrom(...new TextEncoder().encode('0-"{}[],:nx\n\u0000 e9')),
      remove: fc.nat(12),
    });
    await fc.assert(
      fc.asyncProperty(mutation, async ({ file, at, byte, remove }) => {
        const bytes = originals.get(file)!, offset = Math.floor(at * bytes.length);
        const changed = new Uint8Array([...bytes.subarray(0, offset), byte, ...bytes.subarray(offset + remove)]);
        await Deno.writeFile(`${runs}/${file}`, changed);
        try {
          const { notes, results, tables } = await summaryOf(runs);
          assert(!/undefined|Infinity/.test(JSON.stringify([notes, results, tables])), file);
        } catch (error) {
          assert(error instanceof RequestError, `${file}: ${(error as Error).stack}`);
          assertStringIncludes(error.message, runs);
        } finally {
          await Deno.writeFile(`${runs}/${file}`, bytes);
        }
      }),
      { numRuns: 300, seed: 7 },
    );
  }));

async function summaryOf(runs: string) {
  for (const { id } of RUNS) await readRunHistory(`${runs}/${id}`);
  return await summarize(await readExperimentResults("e", runs));
}

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

Deno.test("a file that holds another value altogether is reported without a field", () =>
  inRuns(async (runs) => {
    await Deno.writeTextFile(`${runs}/${ID}/result.json`, "null");
    const error = await assertRejects(() => readResult(`${runs}/${ID}`, ID), RequestError);
    assertEquals(error.message, `${runs}/${ID}/result.json: expected object, got null.`);
  }));
