// Together: core/results/ and core/report/report.ts, on damaged files: each is reported by file and field.
import { RequestError } from "@opf/framework";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { makeReport, summarize } from "../../../core/report/report.ts";
import { readExperimentResults } from "../../../core/results/experiment_results.ts";
import { readRunHistory } from "../../../core/results/run_history.ts";
import { fc } from "../../_properties.ts";
import { change, ID, inRuns, RUNS } from "./_stored.ts";

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
