import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { writeMadeUpRuns } from "../../tools/made_up_runs.ts";
import { run } from "../core/cli/_command.ts";
import { inFolder } from "../_place.ts";

const TINY_RUN = new URL("../fixtures/tiny_run/", import.meta.url);

Deno.test("made-up runs count as done, and their report can be made", () =>
  inFolder(async (runs) => {
    const folder = fileURLToPath(TINY_RUN), data = `${folder}data`;
    const count = await writeMadeUpRuns(new URL("tiny_run.ts", TINY_RUN).href, { data, runs, examples: 9, steps: 4 });
    assertEquals(count, 8);
    const options = ["--data", "data", "--runs", runs, "--backend", "tensorflow", "--device", "cpu"];
    const reproduced = await run(["reproduce", "tiny_run.ts", ...options], folder);
    assertEquals([reproduced.code, reproduced.err.match(/done before/g)?.length], [0, count], reproduced.err);
    const reported = await run(["report", "tiny-run", "--runs", runs], folder);
    assertEquals(reported.code, 0, reported.err);
    assertStringIncludes(reported.out, "8 of 8 runs");
  }));
