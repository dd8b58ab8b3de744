// Together: core/cli/reproduce.ts, core/execution/worker/worker.ts and core/run/run_lock.ts, in several processes.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Result } from "../../../../core/results/result.ts";
import { run, spawn } from "../_command.ts";
import { alive, counted, family, ids, kill, steps, until } from "../_processes.ts";
import { COMMAND, inFolder } from "../_resumed.ts";

Deno.test("two runners on one folder do each run once", () =>
  inFolder(async (folder) => {
    const command = [...COMMAND, "--runs", "runs"];
    const both = await Promise.all([run(command, folder), run(command, folder)]);
    const [a, b] = both.map(({ code, out, err }) => {
      assertEquals(code, 0, err);
      return JSON.parse(out).results as Result[];
    });
    assertEquals(a, b);
    for (const { id } of a!) {
      const taken = steps(`${folder}/runs/${id}`);
      assertEquals(taken, counted(taken));
    }
    assertStringIncludes(both.map(({ err }) => err).join(), "is being done by another process");
  }));

Deno.test("a worker's death fails its current run, and the others are done", () =>
  inFolder(async (folder) => {
    const process = spawn([...COMMAND, "--runs", "runs"], folder);
    let ended = false;
    const output = process.output().finally(() => ended = true);
    const runs = `${folder}/runs`;
    assert(await until(() => ids(runs).some((id) => steps(`${runs}/${id}`).length >= 3), { ended: () => ended }));
    for (const pid of family(process.pid).slice(1)) kill(pid);
    const { code, stdout } = await output;
    assertEquals(code, 1);
    const [first, second] = JSON.parse(new TextDecoder().decode(stdout)).results as [Result, Result];
    assertEquals([first.status, second.status], ["failed", "done"]);
    assertStringIncludes(first.error!, "ended early, by SIGKILL");
  }));

Deno.test("a worker whose runner is gone keeps the run's state and ends", () =>
  inFolder(async (folder) => {
    const command = [...COMMAND, "--runs", "runs", "--methods", "dynamic", "--set", "training.epochs=2000"];
    const process = spawn(command, folder);
    let ended = false;
    const output = process.output().finally(() => ended = true);
    const runs = `${folder}/runs`;
    assert(await until(() => ids(runs).some((id) => steps(`${runs}/${id}`).length >= 5), { ended: () => ended }));
    const [runner, ...others] = family(process.pid);
    assert(others.length > 0);
    kill(runner!);
    await output;
    await until(() => !others.some(alive));
    const [id] = ids(runs);
    assertEquals([...Deno.readDirSync(`${runs}/${id}/checkpoint`)].map(({ name }) => name), ["state.safetensors"]);
  }));
