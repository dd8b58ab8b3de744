// Together: core/cli/reproduce.ts and core/run/cached_result.ts, on damaged runs.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "@opf/framework";
import type { Result } from "../../../../core/results/result.ts";
import { inTinyFolder, run } from "../_command.ts";
import { BACKEND } from "../_resumed.ts";

Deno.test("reproduce repeats a damaged run, says why, and clears what a killed process left", () =>
  inTinyFolder(async (folder) => {
    const command = [
      ...["reproduce", "tiny.ts", "--data", "data", "--runs", "runs", "--methods", "fine-tuning", "--threads", "1"],
      ...[...BACKEND, "--set", "training.maxSteps=2", "--json"],
    ];
    const once = async () => {
      const { code, out, err } = await run(command, folder);
      assertEquals(code, 0, err);
      return { result: JSON.parse(out).results[0], err };
    };
    const { result } = await once();
    const at = `${folder}/runs/${result.id}`;

    await Deno.writeTextFile(`${at}/lock`, "");
    await Deno.mkdir(`${at}/checkpoint`);
    const cached = await once();
    assertStringIncludes(cached.err, "done before");
    assertEquals([await exists(`${at}/lock`), await exists(`${at}/checkpoint`)], [false, false]);

    const whole = await Deno.readTextFile(`${at}/result.json`);
    for (
      const [file, text] of [
        ["result.json", "null"],
        ["result.json", '{"schemaVersion":1}'],
        ["result.json", whole.replaceAll(result.id, "0".repeat(16))],
        ["result.json", whole.replace('"dev": ', '"dev": 1')],
        ["result.json", whole.replace(/"accuracy": [\d.]+/, '"accuracy": 0.123')],
        ["result.json", whole.replace(/("method": "fine-tuning",\s+"seed": )1/, "$12")],
        ["predictions.jsonl", "null\n"],
      ] as const
    ) {
      await Deno.writeTextFile(`${at}/${file}`, text);
      const again = await once();
      assertStringIncludes(again.err, file === "result.json" ? at : `${at}/${file}`);
      assertStringIncludes(again.err, "the run is repeated");
      assert(!again.err.includes("done before"));
      assertEquals(again.result.metrics, result.metrics);
    }
  }));

Deno.test("a run on two dev sets keeps the predictions on both, and is repeated where either is damaged", () =>
  inTinyFolder(async (folder) => {
    const set = (count: number) =>
      "idx\tsentence1\tsentence2\tlabel\n" +
      Array.from({ length: count }, (_, at) => `${at}\tthe film\tis good\t${at % 3}\n`).join("");
    await Deno.mkdir(`${folder}/data/mnli`);
    for (const [name, count] of [["train", 16], ["dev_matched", 7], ["dev_mismatched", 5]] as const) {
      await Deno.writeTextFile(`${folder}/data/mnli/${name}.tsv`, set(count));
    }
    const command = [
      ...["reproduce", "tiny.ts", "--data", "data", "--runs", "runs", "--methods", "fine-tuning", "--threads", "1"],
      ...[...BACKEND, "--tasks", "mnli", "--set", "training.maxSteps=1", "--json"],
    ];
    const once = async () => {
      const { code, out, err } = await run(command, folder);
      assertEquals(code, 0, err);
      return { result: JSON.parse(out).results[0] as Result, err };
    };
    const { result } = await once();
    assertEquals([result.examples, result.additionalDev], [{ dev: 7, mismatched: 5 }, ["mismatched"]]);
    const path = `${folder}/runs/${result.id}/predictions-mismatched.jsonl`;
    const text = await Deno.readTextFile(path);
    const rows = text.trimEnd().split("\n").map((line) => JSON.parse(line));
    const right = rows.filter(({ label, prediction }) => label === prediction).length;
    assertEquals([rows.length, result.metrics.mismatched], [5, right / 5]);
    assertEquals(Object.keys(result.files!), ["predictions.jsonl", "predictions-mismatched.jsonl"]);
    assertStringIncludes((await once()).err, "done before");
    await Deno.writeTextFile(path, text.split("\n").slice(1).join("\n"));
    const again = await once();
    assertStringIncludes(again.err, `${path} is not the file that the run wrote: the run is repeated`);
    assertEquals(await Deno.readTextFile(path), text);
  }));
