import { slurm } from "@opf/framework/plugins";
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { isCanceled, maxArraySize, parseQueue } from "../../../plugins/launchers/slurm.ts";
import { inFolder, withEnvironment } from "../../_place.ts";

/** Runs with commands of Slurm that print their arguments, or what is given. */
const withCommands = (commands: Readonly<Record<string, string>>, use: () => Promise<void>) =>
  inFolder(async (folder) => {
    for (const [name, text] of Object.entries(commands)) {
      await Deno.writeTextFile(`${folder}/${name}`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
    await withEnvironment({ PATH: `${folder}:${Deno.env.get("PATH")}` }, use);
  });

Deno.test("the job script passes the user's options on, and warns the task itself before its time limit", () => {
  const options = ["--partition=gpu --gres=gpu:1", "--time=02:00:00"];
  const script = slurm({ warnSeconds: 90 }).script({ command: "exec work", logs: "/shared/100% sure/logs", options });
  const directives = script.split("\n").filter((line) => line.startsWith("#SBATCH"));
  assertEquals(directives, [
    '#SBATCH --output="/shared/100%% sure/logs/%A_%a.log"',
    "#SBATCH --open-mode=append",
    "#SBATCH --requeue",
    "#SBATCH --signal=B:USR2@90",
    "#SBATCH --partition=gpu --gres=gpu:1",
    "#SBATCH --time=02:00:00",
  ]);
  assertMatch(script, /^#!\/bin\/bash\n#SBATCH/);
  assertMatch(script, /\nexec work\n$/);
});

Deno.test("the job script tells its task which one it is, in every array of a launch", async () => {
  const variables = ["OPF_TASK", "OPF_JOB", "OPF_RESTARTS", "OPF_THREADS"];
  const command = variables.map((name) => `echo ${name}=$${name}`).join("\n");
  const script = slurm().script({ command, logs: "/logs", options: [] });
  const run = async (env: Record<string, string>) => {
    const { stdout } = await new Deno.Command("bash", { args: ["-c", script, "job", "1000"], env }).output();
    return new TextDecoder().decode(stdout).trim().split("\n");
  };
  const task = { SLURM_ARRAY_JOB_ID: "12", SLURM_ARRAY_TASK_ID: "7" };
  assertEquals(await run(task), ["OPF_TASK=1007", "OPF_JOB=12_7", "OPF_RESTARTS=0", "OPF_THREADS="]);
  assertEquals((await run({ ...task, SLURM_RESTART_COUNT: "3", SLURM_CPUS_PER_TASK: "8" })).slice(2), [
    "OPF_RESTARTS=3",
    "OPF_THREADS=8",
  ]);
});

Deno.test("a warning that comes before the task listens does not end it, and one that comes later arrives", async () => {
  const program = `
    Deno.kill(Deno.pid, "SIGUSR2");
    Deno.addSignalListener("SIGUSR2", () => { console.log("warned"); Deno.exit(); });
    setTimeout(() => Deno.kill(Deno.pid, "SIGUSR2"), 10);
    setTimeout(() => {}, 60_000);`;
  const command = `kill -USR2 $$\nexec '${Deno.execPath()}' eval '${program}'`;
  const script = slurm().script({ command, logs: "/logs", options: [] });
  const { code, stdout } = await new Deno.Command("bash", { args: ["-c", script, "job", "0"] }).output();
  assertEquals([code, new TextDecoder().decode(stdout)], [0, "warned\n"]);
});

Deno.test("an option of the job script is one line", async () => {
  await assertRejects(
    // deno-lint-ignore require-await
    async () => slurm().script({ command: "", logs: "/logs", options: ["--time=1\nrm -r x"] }),
    Error,
    "expected one line",
  );
});

Deno.test("the queue is read task by task, and tasks that have ended are left out", () => {
  const text = "12_0|RUNNING|node-7\n12_1|COMPLETING|node-8\n12_2|PENDING|\n12_3|COMPLETED|node-7\n" +
    "13_0|CONFIGURING|node-9\n14|FAILED|\n15_0|TIMEOUT|n\n16_0|PREEMPTED|n\n17_0|NODE_FAIL|n\n18_0|REQUEUED|\n\n";
  assertEquals(
    [...parseQueue(text)],
    [
      ["12_0", { state: "running", host: "node-7" }],
      ["12_1", { state: "running", host: "node-8" }],
      ["12_2", { state: "queued" }],
      ["13_0", { state: "queued" }],
      ["18_0", { state: "queued" }],
    ],
  );
  assertEquals(parseQueue("").size, 0);
});

Deno.test("a task was canceled if it is completing for no time limit and no other job", () => {
  assertEquals(isCanceled("JobId=2 JobState=COMPLETING Reason=None Dependency=(null)"), true);
  assertEquals(isCanceled("JobId=2 JobState=CANCELLED Reason=None"), true);
  assertEquals(isCanceled("JobId=2 JobState=COMPLETING Reason=TimeLimit Dependency=(null)"), false);
  assertEquals(isCanceled("JobId=2 JobState=RUNNING Reason=None"), false);
  const preempted = "JobState=COMPLETING Reason=None PreemptEligibleTime=2026-01-01T00:00:00 PreemptTime=";
  assertEquals(isCanceled(preempted + "2026-01-01T00:00:10"), false);
  assertEquals(isCanceled(preempted + "None"), true);
});

Deno.test("the largest array is the cluster's", () => {
  assertEquals(maxArraySize("MaxArraySize            = 50001\nMaxBatchRequeue         = 5\n"), 50001);
  assertEquals(maxArraySize(""), 1001);
});

Deno.test("an array is submitted with its range, its limit and what it waits for", () =>
  withCommands({ sbatch: 'echo "$@" > "$(dirname "$0")/args"; echo "77;cluster"' }, async () => {
    const folder = Deno.env.get("PATH")!.split(":")[0]!;
    const array = { name: "quick", script: "/launch/job.sh", first: 1000, count: 500, after: [] };
    assertEquals(await slurm().submit(array), "77");
    assertEquals(
      await Deno.readTextFile(`${folder}/args`),
      "--parsable --job-name=quick --array=0-499 /launch/job.sh 1000\n",
    );
    await slurm().submit({ ...array, after: ["5", "6"], limit: 20 });
    assertStringIncludes(
      await Deno.readTextFile(`${folder}/args`),
      "--array=0-499%20 --dependency=afterany:5:6 /launch",
    );
  }));

Deno.test("what Slurm refuses is passed on in one sentence, and so is a machine without it", async () => {
  const array = { name: "quick", script: "job.sh", first: 0, count: 1, after: [] };
  const refusal = "echo 'sbatch: error: invalid partition specified: gpus' >&2; exit 1";
  await withCommands({ sbatch: refusal }, async () => {
    const error = await assertRejects(() => slurm().submit(array), Error);
    assertEquals(error.message, "sbatch failed: invalid partition specified: gpus");
  });
  await withEnvironment({ PATH: "/nowhere" }, async () => {
    await assertRejects(() => slurm().check(), Error, "There is no Slurm on this machine");
  });
  await withCommands(
    { scontrol: "echo 'scontrol: fatal: Could not establish a configuration source' >&2; exit 1" },
    async () => {
      const error = await assertRejects(() => slurm().check(), Error);
      assertEquals(
        error.message,
        "scontrol failed: fatal: Could not establish a configuration source. " +
          "Expected a machine that can submit to the cluster, such as a login node.",
      );
    },
  );
});
