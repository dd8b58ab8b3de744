import { exists } from "@opf/framework";
import { local } from "@opf/framework/plugins";
import { assertEquals } from "@std/assert";
import { inFolder } from "../../_place.ts";
import { until } from "../../_until.ts";

// A task writes its name down, and ends when a file of its name is there.
const COMMAND = (folder: string) => `
echo "$OPF_TASK $OPF_JOB" >> "${folder}/started"
while [ ! -e "${folder}/end-$OPF_TASK" ]; do sleep 0.05; done
echo done
exit 3`;

Deno.test("tasks run in the background, so many at a time, and an array waits for the one before it", () =>
  inFolder(async (folder) => {
    const logs = `${folder}/it's 100 % "quoted"/logs`;
    await Deno.mkdir(logs, { recursive: true });
    const script = `${folder}/it's 100 % "quoted"/job.sh`;
    await Deno.writeTextFile(script, local().script({ command: COMMAND(folder), logs, options: [] }));
    const common = { name: "mine", script };
    const first = await local().submit({ ...common, first: 10, count: 3, after: [], limit: 2 });
    const second = await local().submit({ ...common, first: 13, count: 1, after: [first] });
    const arrays = [{ id: first, first: 10, count: 3, logs }, { id: second, first: 13, count: 1, logs }];
    const states = async () => [...await local().tasks(arrays)].map(([task, { state }]) => `${task} ${state}`);
    const started = async () =>
      (await Deno.readTextFile(`${folder}/started`).catch(() => "")).trim().split("\n").toSorted();
    await until("two tasks have started", async () => (await started()).length === 2);
    assertEquals(await started(), [`10 ${first}_0`, `11 ${first}_1`]);
    assertEquals(await states(), [
      `${first}_0 running`,
      `${first}_1 running`,
      `${first}_2 queued`,
      `${second}_0 queued`,
    ]);
    await Deno.writeTextFile(`${folder}/end-10`, "");
    await until("the third task has started", async () => (await started()).length === 3);
    assertEquals(await states(), [`${first}_1 running`, `${first}_2 running`, `${second}_0 queued`]);
    for (const task of [11, 12, 13]) await Deno.writeTextFile(`${folder}/end-${task}`, "");
    await until("all tasks have ended", async () => (await states()).length === 0);
    assertEquals(await started(), [`10 ${first}_0`, `11 ${first}_1`, `12 ${first}_2`, `13 ${second}_0`]);
    assertEquals(await Deno.readTextFile(`${logs}/${first}_0.log`), "done\n");
  }));

Deno.test("an array does not wait for a process that has ended and that nothing waits for", () =>
  inFolder(async (folder) => {
    const logs = `${folder}/logs`, script = `${folder}/job.sh`;
    await Deno.mkdir(logs);
    await Deno.writeTextFile(script, local().script({ command: `touch "${folder}/started"`, logs, options: [] }));
    const args = ["-c", "sleep 0.1 & echo $!; exec sleep 600"];
    await using parent = new Deno.Command("bash", { args, stdout: "piped" }).spawn();
    const reader = parent.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const ended = (await reader.read()).value!.trim();
    const id = await local().submit({ name: "mine", script, first: 0, count: 1, after: [ended] });
    const array = { id, first: 0, count: 1, logs };
    await until("the array has ended", async () => (await local().tasks([array])).size === 0);
    assertEquals(await exists(`${folder}/started`), true);
    await reader.cancel();
  }));
