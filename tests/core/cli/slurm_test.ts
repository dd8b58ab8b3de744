// Together: core/cli/reproduce/launch.ts, core/cli/status.ts, core/execution/launch/launched_task.ts and
// plugins/launchers/slurm.ts, on a real Slurm of one node.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { printError } from "../../../core/cli/output.ts";
import type { RunStatus } from "../../../core/execution/experiment_status.ts";
import type { Result } from "../../../core/results/result.ts";
import { type Slurm, slurmProblem, startSlurm } from "../../_slurm.ts";
import { until } from "../../_until.ts";
import { inTinyFolder, run } from "./_command.ts";
import { counted, kill, steps } from "./_processes.ts";

const problem = await slurmProblem();
if (problem) printError(`No test of Slurm: ${problem}.`);

// A run of the policy "slow" goes on at a snail's pace until there is a file of that name, and does not end before tests
// have lost their patience; "broken" fails.
const EXPERIMENT = `
import { defineExperiment } from "@opf/framework";
import { mpo, staticTop, taylor } from "@opf/framework/plugins";

const slow = (gate) => ({
  name: "slow",
  options: { gate },
  rounds: ({ steps }) => Array.from({ length: steps }, (_, step) => step),
  select: async ({ matrices, step }) => {
    const isOpen = await Deno.stat(gate).then(() => true, () => false);
    if (!isOpen) await new Promise((resume) => setTimeout(resume, step < 5 ? 1000 : 10_000));
    return step === 0 ? [matrices[0].name] : [];
  },
});
const broken = { name: "broken", options: {}, select: () => Promise.reject(new Error("no matrix is good enough")) };
const decomposition = mpo({ tensors: 3 });
const score = { ...taylor(), needs: ["fineTunedModel"] };

export default defineExperiment({
  name: "NAME",
  models: ["MODEL"],
  tasks: ["sst2"],
  seeds: [1],
  training: { epochs: 2, batchSize: 16, learningRate: 5e-3, factorLearningRate: 1e-3, maxLength: 16 },
  parameters: { gate: "" },
  METHODS
});
`;

const METHODS = {
  mixed: `methods: () => ({
    "fine-tuning": {},
    "OPF-MPO": { decomposition, policy: staticTop({ n: 1, score: taylor() }) },
    "broken": { decomposition, policy: broken },
  }),`,
  slow: `methods: ({ gate }) => ({ "slow": { decomposition, policy: slow(gate) } }),`,
  many: `methods: { "fine-tuning": {} },`,
  tuned: `methods: { "after fine-tuning": { decomposition, policy: staticTop({ n: 1, score }) } },
    tune: { "training.learningRate": [1e-3, 5e-3] },
    tuningSeeds: [101],`,
};
type Name = keyof typeof METHODS;

interface Place {
  readonly folder: string;
  readonly slurm: Slurm;
  /** Runs a command with `--launcher slurm`. */
  launch(name: Name, ...args: readonly string[]): Promise<{ code: number; out: string; err: string }>;
  status(name: Name): Promise<RunStatus[]>;
}

const COMMON = ["--data", "data", "--backend", "wasm"];

/** What is tried on one Slurm at the same time: most of the time passes in its queue. */
const CASES = new Map<string, (place: Place) => Promise<void>>();

async function inPlace(use: (place: Place) => Promise<void>): Promise<void> {
  await inTinyFolder(async (folder) => {
    for (const [name, methods] of Object.entries(METHODS)) {
      const text = EXPERIMENT.replace("NAME", name).replace("MODEL", `${folder}/model`).replace("METHODS", methods);
      await Deno.writeTextFile(`${folder}/${name}.ts`, text);
    }
    await using slurm = await startSlurm({ cpus: 8 });
    const env = { HF_HUB_OFFLINE: "1", ...slurm.env };
    const inRuns = (name: string) => ["--runs", `runs-${name}`];
    await use({
      folder,
      slurm,
      launch: (name, ...args) => {
        const options = ["--launcher", "slurm", "--slurm-option", "--cpus-per-task=1", ...args];
        return run(["reproduce", `${name}.ts`, ...COMMON, ...inRuns(name), ...options], folder, { env });
      },
      status: async (name) => {
        const { code, out, err } = await run(["status", name, ...inRuns(name), "--json"], folder, { env });
        assertEquals(code, 0, err);
        return JSON.parse(out).runs;
      },
    });
  });
}

const PAUSE = { pause: 1000 };

CASES.set(
  "Slurm does an experiment as this machine does, and a failed run does not stop the others",
  async ({ folder, launch, status }) => {
    const tasks = ["--tasks", "sst2,stsb"];
    const local = ["reproduce", "mixed.ts", ...COMMON, ...tasks, "--runs", "local-mixed", "--threads", "1"];
    const here = await run([...local, "--json"], folder);
    assertEquals(here.code, 1, here.err);
    const there = await launch("mixed", ...tasks, "--wait", "--json");
    assertEquals(there.code, 1, there.err);
    const [expected, results] = [here, there].map(({ out }) => JSON.parse(out).results as Result[]);
    const outcomes = (results: readonly Result[]) => results.map(({ id, status, error }) => [id, status, error]);
    assertEquals(outcomes(results!), outcomes(expected!));
    const done = results!.filter(({ status }) => status === "done");
    assertEquals(done.length, 4);
    for (const { id } of done) {
      const [own, other] = ["local-mixed", "runs-mixed"].map((runs) => `${folder}/${runs}/${id}/predictions.jsonl`);
      assertEquals(await Deno.readTextFile(own!), await Deno.readTextFile(other!));
    }
    const failed = (await status("mixed")).filter(({ run }) => run.state === "failed").map(({ run }) => run);
    assertEquals(failed.length, 2);
    for (const run of failed) {
      assert(run.state === "failed");
      assertStringIncludes(run.error, "no matrix is good enough");
      assertStringIncludes(await Deno.readTextFile(run.log!), "no matrix is good enough");
    }
  },
);

const GATED = ["--set", "training.epochs=30"];

CASES.set(
  "a task that is stopped, killed or canceled on Slurm continues from its checkpoint, the first one by itself",
  async ({ folder, slurm, launch, status }) => {
    const [open, limited] = [`${folder}/open`, `${folder}/open-limited`];
    const slow = (gate: string, ...args: readonly string[]) =>
      launch("slow", ...GATED, "--set", `parameters.gate=${gate}`, "--set", "checkpoint.everySeconds=0", ...args);
    const rows = async (seed: number) => (await status("slow")).find((row) => row.seed === seed)!;
    const runs = `${folder}/runs-slow`;
    const at = (id: string) => steps(`${runs}/${id}`).at(-1) ?? 0;

    const launched = performance.now();
    const limitedLaunch = await launch(
      "slow",
      ...GATED,
      "--seeds",
      "3",
      "--set",
      `parameters.gate=${limited}`,
      "--slurm-option",
      "--time=60 --signal=B:USR2@90",
    );
    assertEquals(limitedLaunch.code, 0, limitedLaunch.err);
    const { id: limitedId, run: limitedRun } = await rows(3);
    assert(limitedRun.state === "queued" || limitedRun.state === "running");

    const first = await slow(open, "--seeds", "1,2");
    assertStringIncludes(first.out, "2 × runs");
    const again = await slow(open, "--seeds", "1,2");
    assertStringIncludes(again.out, "2 are queued or running.\nNothing is left to submit.");
    const [canceled, killed] = [await rows(1), await rows(2)];
    await until("the runs take steps", () => [canceled.id, killed.id, limitedId].every((id) => at(id) >= 3), PAUSE);
    // Two minutes are left at most, of which Slurm warns at its next look.
    const minutes = Math.floor((performance.now() - launched) / 60_000) + 2;
    await slurm.command("scontrol", "update", `JobId=${limitedRun.job}`, `TimeLimit=${minutes}`);
    const running = [await rows(1), await rows(2)].map(({ run }) => {
      assert(run.state === "running");
      assert(run.progress!.step >= 1);
      return run;
    });
    await slurm.command("scancel", running[0]!.job!);
    kill(await processesOf(running[1]!.job!));
    const ended = await until("both tasks end", async () => {
      const rows = (await status("slow")).filter(({ seed }) => seed < 3);
      return rows.every(({ run }) => ["waiting", "failed"].includes(run.state)) && rows;
    }, PAUSE);
    assertEquals(ended.map(({ run }) => run.state), ["waiting", "failed"]);
    const [{ run: stopped }, { run: lost }] = ended as [RunStatus, RunStatus];
    assert(stopped.state === "waiting" && lost.state === "failed");
    assertMatch(lost.error, /^Its task \d+_1 ended without a result\.$/);
    assertStringIncludes(await Deno.readTextFile(lost.log!), "slow");
    const stoppedAt = [canceled.id, killed.id].map(at);

    // The warning has come by now, or will.
    const log = await until("the task near its time limit is stopped", async () => {
      const text = await Deno.readTextFile(
        `${runs}/launches/1/logs/${limitedLaunch.out.match(/job (\d+)/)![1]}_0.log`,
      );
      return text.includes("queued again") && text;
    }, PAUSE);
    assertStringIncludes(log, "Stopped; queued again, restart 1 of at most 20.");
    await Deno.writeTextFile(limited, "");
    // A task that is queued again may start after two minutes; here at once, and with time to end.
    const queued = await until("the task is queued again", async () => {
      const { run } = (await status("slow")).find(({ id }) => id === limitedId)!;
      return run.state === "queued" && run.job;
    }, PAUSE);
    await slurm.command("scontrol", "update", `JobId=${queued}`, "StartTime=now", "TimeLimit=60");
    await Deno.writeTextFile(open, "");
    const last = await slow(open, "--seeds", "1,2", "--wait", "--json");
    assertEquals(last.code, 0, last.err);
    const [afterCancel, afterKill] = JSON.parse(last.out).results as Result[];
    assertEquals(afterCancel!.resumedFrom, [stoppedAt[0]!]);
    // A killed task may have logged a step whose checkpoint was not written yet.
    assert([stoppedAt[1]! - 1, stoppedAt[1]!].includes(afterKill!.resumedFrom[0]!));
    for (const { id } of [afterCancel!, afterKill!]) {
      assertEquals(steps(`${runs}/${id}`), counted(steps(`${runs}/${id}`)));
    }

    const result = await until("the task continues and ends", async () => {
      const text = await Deno.readTextFile(`${runs}/${limitedId}/result.json`).catch(() => undefined);
      return text !== undefined && JSON.parse(text) as Result;
    }, PAUSE);
    assertEquals(result.status, "done", result.error);
    assert(result.resumedFrom.length > 0);
    assertEquals(steps(`${runs}/${limitedId}`), counted(steps(`${runs}/${limitedId}`)));
  },
);

/** Processes of a task. */
async function processesOf(job: string): Promise<number[]> {
  const pids = [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => pid > 0);
  const found = await Promise.all(pids.map(async (pid) => {
    const environment = await Deno.readTextFile(`/proc/${pid}/environ`).catch(() => "");
    return environment.split("\0").includes(`OPF_JOB=${job}`) ? [pid] : [];
  }));
  return found.flat();
}

CASES.set(
  "hundreds of runs are one array on Slurm, and are not submitted again while they are queued",
  async ({ slurm, launch, status }) => {
    const seeds = Array.from({ length: 500 }, (_, seed) => seed);
    const args = ["--seeds", seeds.join(","), "--slurm-option", "--hold", "--array-limit", "20"];
    const preview = await launch("many", ...args, "--dry-run");
    assertStringIncludes(preview.out, "array 1: 500 × runs");
    assertStringIncludes(preview.out, "#SBATCH --hold");
    assertEquals(await slurm.command("squeue", "-h", "--name=many"), "");
    const { code, out, err } = await launch("many", ...args, "--json");
    assertEquals(code, 0, err);
    const { arrays } = JSON.parse(out);
    assertEquals(arrays.map(({ first, count }: { first: number; count: number }) => [first, count]), [[0, 500]]);
    assertEquals((await slurm.command("squeue", "-h", "--array", "--name=many")).trim().split("\n").length, 500);
    const rows = await status("many");
    assertEquals(new Set(rows.map(({ run }) => run.state)), new Set(["queued"]));
    const again = await launch("many", ...args, "--json");
    assertEquals(JSON.parse(again.out), { experiment: "many", launch: null, arrays: [], done: 0, queued: 500 });
  },
);

CASES.set(
  "stages follow each other on Slurm: plain runs that others need, tuning, final runs",
  async ({ folder, launch, status }) => {
    const first = await launch("tuned", "--wait", "--json");
    assertEquals(first.code, 0, first.err);
    const local = ["reproduce", "tuned.ts", ...COMMON, "--runs", "local-tuned", "--threads", "1", "--json"];
    const here = await run(local, folder);
    const [there, expected] = [first, here].map(({ out }) => (JSON.parse(out).results as Result[])[0]!);
    assertEquals([there!.id, there!.metrics], [expected!.id, expected!.metrics]);
    const manifests = ["local-tuned", "runs-tuned"].map((runs) => `${folder}/${runs}/experiments/tuned.json`);
    assertEquals(await Deno.readTextFile(manifests[1]!), await Deno.readTextFile(manifests[0]!));
    const arrays = await Promise.all([1, 2].map(async (number) => {
      const text = await Deno.readTextFile(`${folder}/runs-tuned/launches/${number}/arrays.json`);
      return (JSON.parse(text) as { title: string; count: number }[]).map(({ count, title }) => `${count} × ${title}`);
    }));
    assertEquals(arrays, [
      ["2 × plain fine-tuning that other runs need", "2 × tuning runs that need it", "1 × the next stage"],
      ["1 × plain fine-tuning that other runs need", "1 × final runs that need it"],
    ]);
    assert((await status("tuned")).every(({ run }) => run.state === "done"));
  },
);

Deno.test({
  name: `a real Slurm: ${[...CASES.keys()].join("; ")}`,
  ignore: problem !== undefined,
  fn: () =>
    inPlace(async (place) => {
      const outcomes = await Promise.allSettled([...CASES.values()].map((use) => use(place)));
      const problems = [...CASES.keys()].flatMap((name, at) => {
        const outcome = outcomes[at]!;
        return outcome.status === "rejected" ? [`${name}: ${outcome.reason?.stack ?? outcome.reason}`] : [];
      });
      assertEquals(problems, []);
    }),
});

Deno.test("without Slurm, a launch ends with 2 and one sentence", () =>
  inTinyFolder(async (folder) => {
    const bin = `${folder}/bin`;
    await Deno.mkdir(bin);
    await Deno.symlink(Deno.execPath(), `${bin}/deno`);
    const command = ["reproduce", "tiny.ts", ...COMMON, "--launcher", "slurm"];
    const { code, err } = await run(command, folder, { env: { HF_HUB_OFFLINE: "1", PATH: bin } });
    assertEquals([code, err], [2, "There is no Slurm on this machine: the command scontrol is not found.\n"]);
  }));
