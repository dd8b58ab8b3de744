import { RequestError } from "@opf/framework";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { markdown } from "../../../core/report/markdown.ts";
import { makeReport } from "../../../core/report/report.ts";
import { readExperimentResults } from "../../../core/results/experiment_results.ts";
import { readResult } from "../../../core/results/result.ts";
import { change, ID, inRuns, RUNS } from "./_stored.ts";

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

Deno.test("a file that holds another value altogether is reported without a field", () =>
  inRuns(async (runs) => {
    await Deno.writeTextFile(`${runs}/${ID}/result.json`, "null");
    const error = await assertRejects(() => readResult(`${runs}/${ID}`, ID), RequestError);
    assertEquals(error.message, `${runs}/${ID}/result.json: expected object, got null.`);
  }));

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
