import { assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { denoTaskArguments } from "../../../core/execution/deno_task.ts";
import { inFolder } from "../../_place.ts";

Deno.test("denoTaskArguments() puts flags before the program and arguments after the task's own", () =>
  inFolder(async (folder) => {
    const tasks = {
      short: "deno run --allow-read=a.ts --no-prompt main.ts worker",
      described: { description: "Does something", command: "deno run --allow-env main.ts" },
    };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ tasks }));
    const root = pathToFileURL(`${folder}/`);
    assertEquals(await denoTaskArguments("short", { root }), [
      ...["run", "--allow-read=a.ts", "--no-prompt", "main.ts", "worker"],
    ]);
    assertEquals(await denoTaskArguments("described", { root, flags: ["--lock=x"], args: ["mine.ts", "--json"] }), [
      ...["run", "--allow-env", "--lock=x", "main.ts", "mine.ts", "--json"],
    ]);
  }));
