import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { makeLaunchFolder, writeArrays, writeLaunch } from "../../../core/execution/launch/launch_folder.ts";
import type { Claim } from "../../../core/run/claim.ts";
import { writeTuningRuns } from "../../../core/results/tuning_runs.ts";
import { withRunLock } from "../../../core/run/run_lock.ts";
import { inFolder } from "../../_place.ts";
import { madeUpRuns, writeMadeUp } from "../report/_made_up.ts";
import { run } from "./_command.ts";

const ENVIRONMENT = { HF_HUB_OFFLINE: "1" };

const step = (step: number, time: number) =>
  JSON.stringify({
    ...{ time, type: "step", step, steps: 40, loss: 1, gradientNorm: 1, rate: 1, seconds: 1, examples: 8 },
    residentBytes: 1,
  }) + "\n";

interface Place {
  readonly folder: string;
  readonly ids: readonly string[];
  /** Lines of `squeue`, `id|state|host`; or what it says when it fails. */
  setQueue(lines: readonly string[] | { readonly problem: string }): Promise<void>;
  claim(id: string, claim: Partial<Claim> & { readonly job: string }): Promise<void>;
  status(...args: readonly string[]): Promise<{ code: number; out: string; err: string }>;
}

/** An experiment of six runs, of which the first two have ended, and which was launched as job 12. */
const inPlace = (use: (place: Place) => Promise<void>): Promise<void> =>
  inFolder(async (folder) => {
    const runs = madeUpRuns({ skills: { "fine-tuning": 0.7, "OPF-MPO": 0.8 }, seeds: [1, 2, 3] });
    await writeMadeUp(`${folder}/runs`, { experiment: "mine", baseline: "fine-tuning", runs });
    const ids = runs.map(({ id }) => id);
    for (const id of ids.slice(2)) await Deno.remove(`${folder}/runs/${id}`, { recursive: true });
    const launch = await makeLaunchFolder(`${folder}/runs`);
    const request = { runs: `${folder}/runs`, keepModels: false, tensorboard: false, jobs: 1 };
    const shared = { experiment: "mine", url: "file:///mine.ts", modules: [], request, launcher: "slurm", restarts: 1 };
    const place = { model: 0, task: 0, point: 0, method: "fine-tuning", seed: 1 };
    const launched = runs.map(({ id, model, task, method, seed }) => ({
      id,
      model,
      task,
      method,
      seed,
      place,
      share: false,
    }));
    await writeLaunch(launch.folder, shared, launched);
    await writeArrays(launch.folder, [{ id: "12", first: 0, count: 6, title: "runs", kind: "runs" }]);
    const env = { ...ENVIRONMENT, PATH: `${folder}/bin:${Deno.env.get("PATH")}` };
    await Deno.mkdir(`${folder}/bin`);
    await use({
      folder,
      ids,
      setQueue: async (lines) => {
        const text = "problem" in lines
          ? `echo "${lines.problem}" >&2; exit 1`
          : lines.map((line) => `echo "${line}"`).join("\n");
        await Deno.writeTextFile(`${folder}/bin/squeue`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
      },
      claim: async (id, claim) => {
        const whole = { launch: 1, restarts: 0, host: "node-7", token: "t", released: false, ...claim };
        await Deno.mkdir(`${folder}/runs/${id}`, { recursive: true });
        await Deno.writeTextFile(`${folder}/runs/${id}/claim-1.json`, JSON.stringify(whole));
      },
      status: (...args) => run(["status", "mine", "--runs", "runs", ...args], folder, { env }),
    });
  });

Deno.test("status says of each run where it is: in the queue, on which machine and how far, or why it failed", () =>
  inPlace(async ({ folder, ids, setQueue, claim, status }) => {
    await setQueue(["12_2|RUNNING|node-7", "12_3|PENDING|", "99_0|RUNNING|node-1"]);
    await claim(ids[2]!, { job: "12_2" });
    await Deno.writeTextFile(`${folder}/runs/${ids[2]}/events.jsonl`, step(9, 18) + step(10, 20) + '{"type":"st');
    await claim(ids[4]!, { job: "12_4" });
    await claim(ids[5]!, { job: "12_5", released: true, error: "Expected a GPU, got none.\nat …" });
    const { code, out, err } = await status();
    assertEquals([code, err], [0, ""]);
    const [title, ...rows] = out.trimEnd().split("\n");
    assertEquals(title, "mine: 6 runs: 2 done, 1 running, 1 queued, 2 failed");
    const logs = `${folder}/runs/launches/1/logs`;
    const states = [
      "done",
      "done",
      "running (node-7, job 12_2, step 10 of 40, 1:00 left)",
      "queued (job 12_3)",
      `failed (Its task 12_4 ended without a result., log: ${logs}/12_4.log)`,
      `failed (Expected a GPU, got none., log: ${logs}/12_5.log)`,
    ];
    assertEquals(rows.map((row) => row.slice(row.search(/(done|running|queued|waiting|failed)( \(|$)/))), states);
    assertEquals(rows.map((row) => row.trim().split(" ")[0]!), [...ids]);
    const { runs } = JSON.parse((await status("--json")).out);
    assertEquals(runs[2].run.progress, { step: 10, steps: 40, secondsLeft: 60 });
  }));

Deno.test("status sees runs that a process of this machine does, and those that were stopped", () =>
  inPlace(async ({ folder, ids, setQueue, claim, status }) => {
    await setQueue([]);
    await claim(ids[3]!, { job: "12_3", released: true });
    await Deno.writeTextFile(`${folder}/runs/${ids[3]}/events.jsonl`, step(5, 10));
    const failed = { status: "failed", error: "It diverged.\nbadly" };
    await Deno.mkdir(`${folder}/runs/${ids[4]}`);
    await Deno.writeTextFile(`${folder}/runs/${ids[4]}/result.json`, JSON.stringify(failed));
    await withRunLock(`${folder}/runs/${ids[2]}`, async () => {
      const { out } = await status();
      assertMatch(out, /running \(preparing\)/);
      assertMatch(out, /waiting \(stopped after step 5 of 40\)/);
      assertMatch(out, /failed \(It diverged\.\)/);
      assertMatch(out, /waiting\n$/);
    });
  }));

Deno.test("status goes on without an answer of the queue, and says so", () =>
  inPlace(async ({ ids, setQueue, claim, status }) => {
    await setQueue({ problem: "slurm_load_jobs error: Unable to contact slurm controller" });
    await claim(ids[2]!, { job: "12_2" });
    const { code, out, err } = await status();
    assertEquals(code, 0);
    assertStringIncludes(out, "running (node-7, job 12_2, preparing)");
    assertStringIncludes(err, "The queue is unknown, so that queued runs count as waiting: squeue failed:");
    assertStringIncludes(err, "Unable to contact slurm controller");
  }));

Deno.test("status lists runs that tune an experiment before it has a manifest", () =>
  inFolder(async (folder) => {
    const tuning = { id: "a1", model: "bert", task: "rte", method: "OPF", seed: 101 };
    await writeTuningRuns([tuning], { name: "mine", folder: `${folder}/runs` });
    const { out, err } = await run(["status", "mine", "--runs", "runs"], folder);
    assertEquals([out, err], ["mine: 1 run: 1 waiting\n  a1  rte, OPF, seed 101  waiting\n", ""]);
  }));

Deno.test("status names a run of the reference model the same before there is a manifest and after", () =>
  inPlace(async ({ folder, setQueue, status }) => {
    await setQueue([]);
    const launch = await makeLaunchFolder(`${folder}/runs`);
    const request = { runs: `${folder}/runs`, keepModels: false, tensorboard: false, jobs: 1 };
    const shared = { experiment: "mine", url: "file:///mine.ts", modules: [], request, launcher: "slurm", restarts: 1 };
    const place = { model: 1, task: 0, point: 0, method: "fine-tuning", seed: 1 };
    const reference = { id: "r1", model: "tiny, untrained", task: "sst2", method: "fine-tuning", seed: 1 };
    await writeLaunch(launch.folder, shared, [{ ...reference, place, share: false }]);
    await writeArrays(launch.folder, [{ id: "13", first: 0, count: 1, title: "runs", kind: "runs" }]);
    const row = async () => (await status()).out.split("\n").find((line) => line.includes("r1"))!;
    const path = `${folder}/runs/experiments/mine.json`;
    const manifest = JSON.parse(await Deno.readTextFile(path));
    await Deno.rename(path, `${path}.away`);
    const before = await row();
    assertStringIncludes(before, "tiny, untrained, sst2, fine-tuning, seed 1");
    const { model, ...run } = reference;
    const grounds = [{
      task: "sst2",
      primary: "accuracy",
      majority: 0.5,
      model,
      runs: [{ id: run.id, seed: run.seed }],
    }];
    await Deno.writeTextFile(path, JSON.stringify({ ...manifest, grounds }));
    assertEquals(await row(), before);
  }));

Deno.test("status asks a launcher from a URL, without a trace in the lock file", () =>
  inPlace(async ({ folder, ids, status }) => {
    const lock = new URL("../../../deno.lock", import.meta.url), before = await Deno.readTextFile(lock);
    const launcher = `export const own = {
      name: "own",
      check: () => Promise.resolve({ maxTasks: 1 }),
      script: () => "",
      submit: () => Promise.resolve("12"),
      tasks: () => Promise.resolve(new Map([["12_2", { state: "queued" }]])),
    };`;
    const headers = { "content-type": "application/typescript" };
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      () => new Response(launcher, { headers }),
    );
    try {
      const file = `${folder}/runs/launches/1/launch.json`;
      const launch = JSON.parse(await Deno.readTextFile(file));
      const address = `http://127.0.0.1:${server.addr.port}/own.ts`;
      await Deno.writeTextFile(file, JSON.stringify({ ...launch, launcher: address }));
      const { code, out, err } = await status();
      assertEquals(code, 0, err);
      assertMatch(out, new RegExp(`${ids[2]} .* queued \\(job 12_2`));
    } finally {
      await server.shutdown();
    }
    assertEquals(await Deno.readTextFile(lock), before);
  }));

Deno.test("status takes one experiment, and says so of a second", () =>
  inFolder(async (folder) => {
    const { code, err } = await run(["status", "mine", "yours", "2"], folder);
    assertEquals([code, err], [2, 'Expected 1 argument that is no option, got also "yours", "2".\n']);
  }));

Deno.test("status of what was never run, or is no name, ends with 2 and one sentence", () =>
  inFolder(async (folder) => {
    for (
      const [name, sentence] of [["mine", /^There are no runs of "mine" in .*\n$/], [
        "../x",
        /^"\.\.\/x" is not the name/,
      ]] as const
    ) {
      const { code, err } = await run(["status", name, "--runs", "runs"], folder);
      assertEquals(code, 2);
      assertMatch(err, sentence);
    }
    await Deno.writeTextFile(`${folder}/file`, "");
    const { code, err } = await run(["status", "mine", "--runs", "file"], folder);
    assertEquals(code, 2);
    assertMatch(err, /^There are no runs of "mine" in .*file: /);
  }));
