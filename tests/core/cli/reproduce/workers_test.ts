// Together: core/cli/reproduce.ts, core/execution/worker/worker.ts and core/run/run_lock.ts, in several processes.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Result } from "../../../../core/results/result.ts";
import { withRunLock } from "../../../../core/run/run_lock.ts";
import { until } from "../../../_until.ts";
import { run } from "../_command.ts";
import { alive, counted, family, ids, kill, start, steps, untilMet } from "../_processes.ts";
import { COMMAND, inFolder } from "../_resumed.ts";

Deno.test("two runners on one folder do each run once, and wait for those that another process does", () =>
  inFolder(async (folder) => {
    const command = [...COMMAND, "--runs", "runs"];
    const dry = await run([...command, "--dry-run"], folder);
    assertEquals(dry.code, 0, dry.err);
    const [first, second] = JSON.parse(dry.out).runs.map(({ id }: { id: string }) => `${folder}/runs/${id}`);
    const taken = (path: string) => steps(path).length > 0;
    // The first run is another process's until the second one has begun.
    const both = [start(command, folder), start(command, folder)] as const;
    await using a = both[0], b = both[1];
    await withRunLock(first, () => a.until("the second run begins", () => taken(second)));
    const ends = await Promise.all([a.end, b.end]);
    const results = ends.map(({ code, out, err }) => {
      assertEquals(code, 0, err);
      return JSON.parse(out).results as Result[];
    });
    assertEquals(results[0], results[1]);
    for (const path of [first, second]) assertEquals(steps(path), counted(steps(path)));
    assertStringIncludes(ends.map(({ err }) => err).join(), "is being done by another process");
  }));

Deno.test("a worker's death fails its current run, and the others are done", () =>
  untilMet(() =>
    inFolder(async (folder) => {
      await using running = start([...COMMAND, "--runs", "runs"], folder);
      const runs = `${folder}/runs`;
      assert(
        await running.until("a run takes steps", () => ids(runs).some((id) => steps(`${runs}/${id}`).length >= 3)),
      );
      kill(family(running.pid).slice(1));
      const { code, out } = await running.end;
      const [first, second] = JSON.parse(out).results as [Result, Result];
      if (first.status === "done") return false; // it ended before the worker was killed
      assertEquals([code, first.status, second.status], [1, "failed", "done"]);
      assertStringIncludes(first.error!, "ended early, by SIGKILL");
      return true;
    })
  ));

Deno.test("a worker whose runner is gone keeps the run's state and ends", () =>
  inFolder(async (folder) => {
    const command = [...COMMAND, "--runs", "runs", "--methods", "dynamic", "--set", "training.epochs=2000"];
    await using running = start(command, folder);
    const runs = `${folder}/runs`;
    assert(await running.until("a run takes steps", () => ids(runs).some((id) => steps(`${runs}/${id}`).length >= 5)));
    const [runner, ...others] = family(running.pid);
    assert(others.length > 0);
    try {
      kill([runner!]);
      await until("the workers end", () => !others.some(alive));
    } finally {
      kill(others);
    }
    const [id] = ids(runs);
    assertEquals([...Deno.readDirSync(`${runs}/${id}/checkpoint`)].map(({ name }) => name), ["state.safetensors"]);
  }));
