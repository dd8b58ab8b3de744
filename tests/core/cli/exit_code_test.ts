import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder } from "../../_place.ts";
import { madeUpRuns, writeMadeUp } from "../report/_made_up.ts";
import { inTinyFolder, run } from "./_command.ts";

const REPRODUCE = ["reproduce", "tiny.ts", "--data", "data", "--runs", "runs"];

Deno.test("files that cannot be read or written end a command with one sentence and 2", () =>
  inTinyFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const refused = async (args: readonly string[], name: string) => {
      const { code, out, err } = await run(args, folder);
      assertEquals([code, out, err.trimEnd().split("\n").length], [2, "", 1], err);
      assertStringIncludes(err, name);
      assert(!err.includes("--allow"), err);
    };
    await refused([...REPRODUCE, "--runs", "file"], "file cannot be written");
    await refused([...REPRODUCE, "--runs", "/proc/runs"], "/proc/runs cannot be written");
    await refused([...REPRODUCE, "--runs", "/proc/runs", "--launcher", "local"], 'No access to "/proc/runs');
    await refused(["report", "tiny", "--runs", "/proc/runs"], "/proc/runs/experiments/tiny.json: cannot be read");
    await refused(["status", "tiny", "--runs", "/proc/runs"], 'No access to "/proc/runs');
    await refused([...REPRODUCE, "--runs", "file", "--launcher", "local"], "file cannot be written");
    await refused([...REPRODUCE, "--seeds", String(2 ** 53)], "--seeds: expected an integer");
    await refused(["export", "run", "file", "--runs", "file"], "No finished run");
    for (const name of ["..", "../a", "a//b"]) await refused(["report", name], "not the name of an experiment");
    await refused(["report", "nothing", "--runs", "file"], "nothing");
    // Where a file should be: reading it fails as it does without permission.
    await Deno.remove(`${folder}/model/model.safetensors`);
    await Deno.mkdir(`${folder}/model/model.safetensors`);
    await refused(REPRODUCE, "model");
    assertEquals([...Deno.readDirSync(folder)].some(({ name }) => name === "runs"), false);
  }));

Deno.test("report prints its tables if it cannot write its files, and ends with 2 if --output names the folder", () =>
  inFolder(async (folder) => {
    const runs = madeUpRuns({ skills: { "fine-tuning": 0.7, "OPF-MPO static": 0.8 } });
    await writeMadeUp(`${folder}/runs`, { experiment: "mine", baseline: "fine-tuning", runs });
    await Deno.writeTextFile(`${folder}/runs/reports`, "in the way");
    const { code, out, err } = await run(["report", "mine", "--runs", "runs"], folder);
    assertEquals(code, 0, err);
    assertStringIncludes(out, "OPF-MPO static");
    assertStringIncludes(err, "cannot be written");
    const named = await run(["report", "mine", "--runs", "runs", "--output", "runs/reports/mine"], folder);
    assertEquals([named.code, named.out], [2, out]);
    assertStringIncludes(named.err, "runs/reports/mine");
    const elsewhere = await run(["report", "mine", "--runs", "runs", "--output", "elsewhere"], folder);
    assertEquals([elsewhere.code, elsewhere.out], [0, out]);
  }));

Deno.test("an unknown command is refused with the nearest name, whatever members objects have", () =>
  inFolder(async (folder) => {
    const command = (name: string) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "--allow-read", "--allow-env", "--no-prompt", "main.ts", name],
        cwd: new URL("../../../", import.meta.url),
        env: { INIT_CWD: folder },
      }).output();
    const suggestions = { reproduse: 'Did you mean "reproduce"? ', constructor: "", ["__proto__"]: "" };
    for (const [name, suggestion] of Object.entries(suggestions)) {
      const { code, stderr } = await command(name);
      assertEquals(code, 2);
      assertStringIncludes(new TextDecoder().decode(stderr), `Unknown command "${name}". ${suggestion}Known: `);
    }
  }));
