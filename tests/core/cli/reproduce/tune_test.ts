// Together: core/cli/reproduce.ts and core/experiment/tune.ts.
import { assert, assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { ExperimentManifest } from "../../../../core/results/manifest.ts";
import { readTuningRuns } from "../../../../core/results/tuning_runs.ts";
import type { Result } from "../../../../core/results/result.ts";
import { readPoints } from "../../../_event_files.ts";
import { inTinyFolder, run } from "../_command.ts";
import { BACKEND } from "../_resumed.ts";
import { events, ids } from "../_processes.ts";

const EXPERIMENT = `
import { defineExperiment } from "@opf/framework";

export default defineExperiment({
  name: "NAME",
  models: ["MODEL"],
  tasks: ["sst2"],
  seeds: [1],
  training: { epochs: 1, batchSize: 16, maxLength: 16 },
  methods: { "fine-tuning": {} },
  tune: { "training.learningRate": [1e-9, 5e-3] },
  tuningSeeds: [101],
});
`;

const json = <T>(path: string): T => JSON.parse(Deno.readTextFileSync(path));

Deno.test("a learning rate at which runs diverge is named and not chosen; where all of them diverge, that is said", () =>
  inTinyFolder(async (folder) => {
    const rates = { some: [1e30, 1e-3], all: [1e30, 1e29] };
    const words = ["--runs", "runs", "--data", "data", "--threads", "1", "--json", ...BACKEND];
    for (const [name, tried] of Object.entries(rates)) {
      const text = EXPERIMENT.replace("NAME", name).replace("MODEL", `${folder}/model`);
      await Deno.writeTextFile(`${folder}/${name}.ts`, text.replace("[1e-9, 5e-3]", JSON.stringify(tried)));
      const { code, out, err } = await run(["reproduce", `${name}.ts`, ...words], folder);
      assertEquals(code, 0, err);
      const [result] = JSON.parse(out).results as [Result];
      const [tuned] = json<ExperimentManifest>(`${folder}/runs/experiments/${name}.json`).tuned!;
      const report = await run(["report", name, "--runs", "runs"], folder);
      if (name === "some") {
        assertEquals([tuned!.chosen["training.learningRate"], result.diverged], [1e-3, false]);
        assertEquals(tuned!.tried.map(({ diverged }) => diverged), [1, undefined]);
        assertStringIncludes(err, "Runs diverged at training.learningRate = 1e+30.");
        assertMatch(report.out, /learningRate 0\.001 .*\| 2 +\| learningRate 1e\+30/);
      } else {
        assertEquals(result.diverged, true);
        assertStringIncludes(
          err,
          "runs diverged at everything that was tried (training.learningRate = 1e+30; training.learningRate = 1e+29), " +
            "and so will the final ones: try smaller learning rates.",
        );
      }
    }
  }));

Deno.test("reproduce tunes learning rates on training data, shares runs, and repeats an experiment from its manifest", () =>
  inTinyFolder(async (folder) => {
    for (const name of ["one", "two"]) {
      const text = EXPERIMENT.replace("NAME", name).replace("MODEL", `${folder}/model`);
      await Deno.writeTextFile(`${folder}/${name}.ts`, text);
    }
    const words = ["--runs", "runs", "--data", "data", "--threads", "1", "--json"];
    const first = await run(["reproduce", "one.ts", ...words, "--tensorboard"], folder);
    assertEquals(first.code, 0, first.err);
    const { results } = JSON.parse(first.out) as { results: [Result] };
    const manifest = json<ExperimentManifest>(`${folder}/runs/experiments/one.json`);
    const [{ chosen, atEdge, tried }] = manifest.tuned as [NonNullable<ExperimentManifest["tuned"]>[number]];
    const best = tried.reduce((best, next) => next.mean > best.mean ? next : best);
    assertEquals([chosen, atEdge], [best.values, ["training.learningRate"]]);
    assertStringIncludes(first.err, "at the edge of what was tried");
    assertEquals(manifest.runs.map(({ id }) => id), results.map(({ id }) => id));

    // Tuning runs are runs like others: they are evaluated on a tenth of the training examples, never on the dev set.
    const tuning = ids(`${folder}/runs`).filter((id) => id !== results[0].id);
    assertEquals(tuning.length, 2);
    const listed = await readTuningRuns("one", `${folder}/runs`); // where `status` finds them before there is a manifest
    assertEquals(listed.map(({ id }) => id).toSorted(), tuning.toSorted());
    for (const id of tuning) {
      const lines = Deno.readTextFileSync(`${folder}/runs/${id}/predictions.jsonl`).trimEnd().split("\n");
      assertEquals(lines.length, 5);
      const { metrics, settings } = json<Result>(`${folder}/runs/${id}/result.json`);
      const { training: { split, learningRate } } = settings as { training: { split: string; learningRate: number } };
      assertEquals(split, "held-out");
      assertEquals(
        tried.find(({ values }) => values["training.learningRate"] === learningRate)!.mean,
        metrics.accuracy,
      );
    }

    // Another experiment that asks for the same, and the same once more: nothing is done.
    for (const file of ["two.ts", "runs/experiments/one.json"]) {
      const again = await run(["reproduce", file, ...words], folder);
      assertEquals(again.code, 0, again.err);
      const [result] = JSON.parse(again.out).results as [Result];
      assertEquals({ ...result, experiment: "one" }, results[0]);
      assert(!again.err.includes("steps"), again.err);
    }
    // Event files say what the log of events says.
    const board = `${folder}/runs/${results[0].id}/tensorboard`;
    const points = readPoints(board).filter(({ tag }) => tag === "training/loss");
    const losses = events(`${folder}/runs/${results[0].id}`).filter(({ type }) => type === "step");
    assertEquals(points.map(({ step }) => step), losses.map(({ step }) => step));
    points.forEach(({ value }, at) => assertAlmostEquals(value, losses[at]!.loss, 1e-6));
  }));
