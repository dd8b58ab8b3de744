// Together: core/cli/reproduce.ts and core/run/cached_result.ts, on damaged runs.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "@opf/framework";
import { inTinyFolder, run } from "./_command.ts";
import { BACKEND } from "./_resumed.ts";

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
        ["predictions.jsonl", "null\n"],
      ] as const
    ) {
      await Deno.writeTextFile(`${at}/${file}`, text);
      const again = await once();
      assertStringIncludes(again.err, `${at}/${file}`);
      assertStringIncludes(again.err, "the run is repeated");
      assert(!again.err.includes("done before"));
      assertEquals(again.result.metrics, result.metrics);
    }
  }));
