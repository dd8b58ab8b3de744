// Together: core/results/experiment_results.ts, core/statistics/compare.ts and core/report/report.ts, in what they read.
import { assert, assertEquals } from "@std/assert";
import { readExperimentResults } from "../../../core/results/experiment_results.ts";
import { makeReport } from "../../../core/report/report.ts";
import { inFolder } from "../../_place.ts";
import { madeUpRuns, writeMadeUp } from "./_made_up.ts";

/** Runs, and counts how often each file was read and how many files at most at a time. */
async function countReads(run: () => Promise<unknown>) {
  const { readFile } = Deno;
  const reads = new Map<string, number>();
  let open = 0, most = 0;
  Deno.readFile = async (path, options) => {
    reads.set(String(path), (reads.get(String(path)) ?? 0) + 1);
    most = Math.max(most, ++open);
    try {
      return await readFile(path, options);
    } finally {
      open--;
    }
  };
  try {
    await run();
  } finally {
    Deno.readFile = readFile;
  }
  return { reads, most };
}

Deno.test("a report of many runs reads each file once, and few at a time", () =>
  inFolder(async (runs) => {
    const points = Array.from({ length: 20 }, (_, index) => 1e-5 * (index + 1));
    const swept = points.flatMap((rate) =>
      madeUpRuns({
        skills: { "fine-tuning": 0.6, "OPF-MPO dynamic": 0.8 },
        point: { "training.learningRate": rate },
        suffix: ` (learningRate ${rate})`,
      })
    );
    // The sweep changes nothing for plain fine-tuning: its runs stand under several labels.
    const plain = swept.filter(({ base }) => base === "fine-tuning");
    const shared = swept.map((run) =>
      run.base === "fine-tuning" ? { ...run, id: plain.find(({ seed }) => seed === run.seed)!.id } : run
    );
    await writeMadeUp(runs, { experiment: "many", baseline: "fine-tuning", runs: shared });
    const { reads, most } = await countReads(async () => makeReport(await readExperimentResults("many", runs)));
    const ids = [...new Set(shared.map(({ id }) => id))];
    const files = ids.flatMap((id) =>
      ["result.json", "predictions.jsonl", "events.jsonl"].map((name) => `${id}/${name}`)
    );
    const ofRuns = [...reads].filter(([path]) => path.endsWith(".jsonl") || path.endsWith("/result.json"));
    assertEquals(ofRuns.map(([path]) => path.slice(runs.length + 1)).sort(), files.sort());
    assertEquals(ofRuns.filter(([, count]) => count !== 1), []);
    assert(ids.length > 50 && most < 30, `expected few of ${ids.length} runs at a time, got ${most}`);
  }));
