// Together: core/cli/reproduce.ts, core/statistics/compare.ts and core/cli/report.ts, with a task of the user's.
import { assert, assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Prediction } from "../../../../core/results/predictions.ts";
import type { Result } from "../../../../core/results/result.ts";
import type { Statistics } from "../../../../core/statistics/compare.ts";
import { inTinyFolder, run } from "../_command.ts";

/** A task with a metric that no part of this program knows, and no form of it per example. */
const TASK = `
import { defineExperiment, type Example, type Metric, type Task } from "@opf/framework";
import { mpo, staticTop, taylor } from "@opf/framework/plugins";

const balanced: Metric = {
  name: "balanced-accuracy",
  compute: (predictions, labels) => {
    const recalls = [...new Set(labels)].map((label) => {
      const rows = labels.flatMap((other, index) => other === label ? [index] : []);
      return rows.filter((index) => predictions[index] === label).length / rows.length;
    });
    return recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
  },
};

const examples = (count: number): Example[] =>
  Array.from({ length: count }, (_, index) => ({
    index,
    texts: [\`the \${index % 2 ? "film" : "plot"} is \${index % 3 ? "good" : "bad"}\`],
    label: index % 3 ? 1 : 0,
  }));

const task: Task = {
  name: "mine",
  head: { kind: "classification", outputs: 2 },
  metrics: [balanced],
  primary: "PRIMARY",
  load: () =>
    Promise.resolve({
      train: examples(32),
      dev: examples(24),
      additionalDev: { flipped: examples(9).map((example) => ({ ...example, label: 1 - example.label! })) },
      origin: { files: {} },
    }),
};

export default defineExperiment({
  name: "custom",
  models: ["./model"],
  tasks: [task],
  seeds: [1, 2, 3],
  training: { epochs: 1, batchSize: 8, learningRate: 1e-2, maxLength: 16 },
  methods: {
    "fine-tuning": {},
    "OPF-MPO": { decomposition: mpo({ tensors: 2 }), policy: staticTop({ n: 1, score: taylor() }) },
  },
});
`;

const declared = (folder: string, primary: string) =>
  TASK.replace("PRIMARY", primary).replace("./model", `${folder}/model`);

const lines = async (path: string): Promise<Prediction[]> =>
  (await Deno.readTextFile(path)).trimEnd().split("\n").map((line) => JSON.parse(line));

Deno.test("a task of one's own is compared by its own metric, also by a report that reads results alone", () =>
  inTinyFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/custom.ts`, declared(folder, "balanced-accuracy"));
    const done = await run(["reproduce", "custom.ts", "--runs", "runs", "--json"], folder);
    assertEquals(done.code, 0, done.err);
    const { results } = JSON.parse(done.out) as { results: Result[] };
    assertEquals(results.map(({ primary }) => primary), Array(6).fill("balanced-accuracy"));
    for (const { id, metrics } of results) {
      const predictions = await lines(`${folder}/runs/${id}/predictions.jsonl`);
      const recall = (label: number) => {
        const rows = predictions.filter((row) => row.label === label);
        return rows.filter(({ prediction }) => prediction === label).length / rows.length;
      };
      const { flipped, ...others } = metrics;
      assertEquals(others, { "balanced-accuracy": (recall(0) + recall(1)) / 2 });
      // Its examples are among the others, each with the other label.
      const nine = predictions.slice(0, 9);
      const wrong = (label: number) => nine.filter((row) => row.label === label && row.prediction !== label).length;
      assertAlmostEquals(flipped!, (wrong(0) / 3 + wrong(1) / 6) / 2, 1e-12);
      assert(predictions.every(({ contribution }) => Number.isFinite(contribution)));
    }
    await Deno.remove(`${folder}/custom.ts`);
    const report = await run(["report", "custom", "--runs", "runs", "--json"], folder);
    assertEquals(report.code, 0, report.err);
    const { statistics: { comparisons } } = JSON.parse(report.out) as { statistics: Statistics };
    const page = await Deno.readTextFile(`${folder}/runs/reports/custom/report.md`);
    assertMatch(page, /mine \(balanced-accuracy \/ flipped\)/);
    assertMatch(page, /fine-tuning +\| \d+\.\d\d ± \d+\.\d\d \/ \d+\.\d\d ± \d+\.\d\d/);
    assertEquals(comparisons.map(({ method, reference, task }) => [method, reference, task]), [
      ["OPF-MPO", "fine-tuning", "mine"],
    ]);
    assert(comparisons[0]!.tested!.p > 0 && comparisons[0]!.tested!.p <= 1);
  }));

Deno.test("a task whose primary metric is none of its own is refused before any run", () =>
  inTinyFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/custom.ts`, declared(folder, "balanced"));
    const { code, err } = await run(["reproduce", "custom.ts", "--runs", "runs"], folder);
    assertEquals(code, 2);
    assertStringIncludes(
      err,
      'Unknown metric of the task "mine" as its primary: "balanced". Did you mean "balanced-accuracy"?',
    );
  }));
