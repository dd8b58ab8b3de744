import { engine, useEngine } from "@opf/framework";
import { assertEquals } from "@std/assert";
import * as tasks from "@opf/framework/tasks";
import { startRunner } from "../../../../core/execution/worker/runner.ts";
import type { Registry } from "../../../../core/registry.ts";

const EXPERIMENT = new URL("../../../../experiments/glue_minilm.ts", import.meta.url).href;

/** Whether a process that retains so much after a run hands over to another one. */
async function handsOver(retained: number, compilesWholePrograms: boolean): Promise<boolean> {
  const before = engine();
  let residentBytes = 1e9;
  const backend = {
    name: "fake",
    start: () =>
      Promise.resolve({
        ...before,
        compilesWholePrograms,
        memory: () => ({ tensors: 0, residentBytes, peakBytes: residentBytes }),
      }),
  };
  const registry: Registry = {
    plugins: {},
    tasks,
    sources: [],
    launchers: [],
    backends: [backend],
    root: new URL("../../../../", import.meta.url),
  };
  try {
    const { isOverMemoryBudget } = await startRunner({
      request: { runs: "runs", keepModels: false, tensorboard: false, jobs: 1 },
      experiment: EXPERIMENT,
      modules: [],
    }, { registry, isStopped: () => false, event: () => {}, note: () => {} });
    residentBytes += retained;
    return isOverMemoryBudget();
  } finally {
    useEngine(before);
  }
}

Deno.test("a process that keeps whole programs does one run after another, others end when they grow", async () => {
  assertEquals(await handsOver(200e6, false), false);
  assertEquals(await handsOver(3e9, false), true);
  assertEquals(await handsOver(3e9, true), false);
  assertEquals(await handsOver(9e9, true), true);
});
