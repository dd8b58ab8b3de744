import { RequestError } from "@opf/framework";
import { assertEquals, assertRejects } from "@std/assert";
import { checkRunsFolder } from "../../../core/execution/runs_folder.ts";
import { writeManifest } from "../../../core/results/manifest.ts";
import { inFolder } from "../../_place.ts";

const manifest = (experiment: string) => ({ experiment, baseline: "fine-tuning", runs: [] });

Deno.test("checkRunsFolder() takes a folder that is there or can be made, and leaves no trace", () =>
  inFolder(async (folder) => {
    await checkRunsFolder(folder, "mine");
    await checkRunsFolder(`${folder}/deep/runs`, "mine");
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("checkRunsFolder() refuses what is no folder, and a folder that cannot be written", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    for (const runs of [`${folder}/file`, `${folder}/file/below`, "/proc/runs"]) {
      await assertRejects(
        () => checkRunsFolder(runs, "mine"),
        RequestError,
        `The folder of runs ${runs} cannot be written`,
      );
    }
  }));

Deno.test("checkRunsFolder() refuses an experiment whose manifest has the path of another's", () =>
  inFolder(async (folder) => {
    await writeManifest(manifest("a/b"), folder);
    await checkRunsFolder(folder, "a/b");
    await checkRunsFolder(folder, "a");
    await assertRejects(() => checkRunsFolder(folder, "a-b"), RequestError, 'holds the experiment "a/b"');
    await Deno.writeTextFile(`${folder}/experiments/a-b.json`, "damaged");
    await checkRunsFolder(folder, "a-b");
  }));
