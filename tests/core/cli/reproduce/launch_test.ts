import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Result } from "../../../../core/results/result.ts";
import { inTinyFolder, run } from "../_command.ts";
import { ids } from "../_processes.ts";

const EXPERIMENT = `
import { defineExperiment } from "@opf/framework";
import { mpo, staticTop, taylor } from "@opf/framework/plugins";

const decomposition = mpo({ tensors: 3 });
const score = { ...taylor(), needs: ["fineTunedModel"] };
export default defineExperiment({
  name: "NAME",
  models: ["MODEL"],
  tasks: ["sst2"],
  seeds: [1, 2, 3, 4, 5],
  training: { epochs: 1, batchSize: 16, learningRate: 5e-3, maxLength: 16 },
  methods: {
    "plain": { training: { batchSize: 8 } },
    "after fine-tuning": { decomposition, policy: staticTop({ n: 1, score }) },
  },
  TUNE
});
`;

const TUNED = {
  stages: "",
  tuned: 'tune: { "training.learningRate": [1e-3, 5e-3] }, tuningSeeds: [101],',
  sequential:
    'tune: { "training.learningRate": [1e-3, 5e-3], "training.epochs": [1, 2] }, tuningSeeds: [101], search: "sequential",',
};

/** Stand-ins: \`sbatch\` numbers its jobs and writes its arguments down, and nothing ever runs. */
const COMMANDS = {
  sbatch: 'here=$(dirname "$0"); echo "$@" >> "$here/submitted"; wc -l < "$here/submitted"',
  scontrol: 'echo "MaxArraySize = 4"',
  squeue: 'cat "$(dirname "$0")/queue" 2>/dev/null || true',
};

interface Place {
  readonly folder: string;
  launch(name: string, ...args: readonly string[]): Promise<{ code: number; out: string; err: string }>;
  /** The environment of what is launched. */
  readonly env: Record<string, string>;
  /** What was submitted so far, the folder of the launch left out. */
  submitted(): string[];
  setQueue(lines: readonly string[]): Promise<void>;
}

const inPlace = (use: (place: Place) => Promise<void>): Promise<void> =>
  inTinyFolder(async (folder) => {
    for (const [name, tune] of Object.entries(TUNED)) {
      const text = EXPERIMENT.replace("NAME", name).replace("MODEL", `${folder}/model`).replace("TUNE", tune);
      await Deno.writeTextFile(`${folder}/${name}.ts`, text);
    }
    const bin = `${folder}/bin`;
    await Deno.mkdir(bin);
    for (const [name, text] of Object.entries(COMMANDS)) {
      await Deno.writeTextFile(`${bin}/${name}`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
    const env: Record<string, string> = { HF_HUB_OFFLINE: "1", PATH: `${bin}:${Deno.env.get("PATH")}` };
    await use({
      folder,
      env,
      launch: (name, ...args) => {
        const options = ["--data", "data", "--runs", "runs", "--backend", "wasm", "--launcher", "slurm", ...args];
        return run(["reproduce", `${name}.ts`, ...options], folder, { env });
      },
      submitted: () => {
        try {
          return Deno.readTextFileSync(`${bin}/submitted`).trimEnd().split("\n")
            .map((line) => line.replaceAll(`${folder}/runs/launches/`, "").replace(/^--parsable --job-name=\w+ /, ""));
        } catch {
          return [];
        }
      },
      setQueue: (lines) => Deno.writeTextFile(`${bin}/queue`, lines.map((line) => line + "\n").join("")),
    });
  });

Deno.test("arrays are as large as the cluster allows, and wait for the plain runs that they need", () =>
  inPlace(async ({ launch, submitted, setQueue }) => {
    const preview = await launch("stages", "--dry-run");
    assertEquals([preview.code, submitted()], [0, []], preview.err);
    assertMatch(preview.out, /array 5: 4 × runs that need it, after array 1, array 2\n/);
    assertStringIncludes(preview.out, "#!/bin/bash\n#SBATCH --output=");
    const { code, err } = await launch("stages");
    assertEquals(code, 0, err);
    assertEquals(submitted(), [
      "--array=0-3 1/job.sh 0",
      "--array=0-0 1/job.sh 4",
      "--array=0-3 1/job.sh 5",
      "--array=0-0 1/job.sh 9",
      "--array=0-3 --dependency=afterany:1:2 1/job.sh 10",
      "--array=0-0 --dependency=afterany:1:2 1/job.sh 14",
    ]);
    // Of what is queued nothing is submitted again; the rest still waits for it.
    await setQueue(["1_0|RUNNING|n", "1_1|PENDING|", "1_2|PENDING|", "1_3|PENDING|", "2_0|PENDING|", "3_1|PENDING|"]);
    const again = await launch("stages", "--array-limit", "2");
    assertEquals(again.code, 0, again.err);
    assertEquals(submitted().slice(6), [
      "--array=0-3%2 2/job.sh 0",
      "--array=0-3%2 --dependency=afterany:7:1:2 2/job.sh 4",
      "--array=0-0%2 --dependency=afterany:8:1:2 2/job.sh 8",
    ]);
  }));

Deno.test("a stage of tuning whose tasks ended without results is over: the final runs follow", () =>
  inPlace(async ({ folder, launch, submitted, setQueue }) => {
    const seeds = ["--seeds", "1"];
    const first = await launch("tuned", ...seeds);
    assertEquals(first.code, 0, first.err);
    assertEquals(submitted(), [
      "--array=0-1 1/job.sh 0",
      "--array=0-1 1/job.sh 2",
      "--array=0-1 --dependency=afterany:1 1/job.sh 4",
      "--array=0-0 --dependency=afterany:1:2:3 1/next.sh 6",
    ]);
    assertStringIncludes(await Deno.readTextFile(`${folder}/runs/launches/1/next.sh`), " --seeds 1 --continue 1\n");
    await setQueue([
      "1_0|RUNNING|n",
      "1_1|PENDING|",
      "2_0|PENDING|",
      "2_1|PENDING|",
      "3_0|PENDING|",
      "3_1|PENDING|",
      "4_0|PENDING|",
    ]);
    const waiting = await launch("tuned", ...seeds);
    assertStringIncludes(waiting.out, "Nothing is left to submit.");
    await setQueue(["4_0|RUNNING|n"]);
    const next = await launch("tuned", ...seeds, "--continue", "1");
    assertEquals(next.code, 0, next.err);
    assertEquals(submitted().slice(4), [
      "--array=0-0 2/job.sh 0",
      "--array=0-0 2/job.sh 1",
      "--array=0-0 --dependency=afterany:5 2/job.sh 2",
    ]);
    const tuning = ids(`${folder}/runs`).map((id) =>
      JSON.parse(Deno.readTextFileSync(`${folder}/runs/${id}/result.json`)) as Result
    );
    assertEquals(
      tuning.map(({ status, error }) => [status, error]),
      Array(6).fill(["failed", "Its task ended without a result."]),
    );
  }));

Deno.test("the task that submits a next stage submits the one that follows it too", () =>
  inPlace(async ({ launch, submitted, setQueue, env }) => {
    const args = ["--seeds", "1", "--methods", "plain"];
    const first = await launch("sequential", ...args);
    assertEquals(first.code, 0, first.err);
    assertEquals(submitted(), ["--array=0-1 1/job.sh 0", "--array=0-0 --dependency=afterany:1 1/next.sh 2"]);
    await setQueue(["2_0|RUNNING|n"]);
    env.OPF_JOB = "2_0"; // one of the two values of the second path was tried in the first stage
    const second = await launch("sequential", ...args, "--continue", "1");
    assertEquals(second.code, 0, second.err);
    assertEquals(submitted().slice(2), ["--array=0-0 2/job.sh 0", "--array=0-0 --dependency=afterany:3 2/next.sh 1"]);
    await setQueue(["4_0|RUNNING|n"]);
    env.OPF_JOB = "4_0";
    const third = await launch("sequential", ...args, "--continue", "1,2");
    assertEquals(third.code, 0, third.err);
    assertEquals(submitted().slice(4), ["--array=0-0 3/job.sh 0"]);
  }));

Deno.test("options that make no sense without a launcher, or with one, are refused before anything is planned", () =>
  inTinyFolder(async (folder) => {
    const refusals: [string[], RegExp][] = [
      [["--wait"], /^--wait: expected --launcher with it\.\n$/],
      [["--array-limit", "3"], /^--array-limit: expected --launcher with it\.\n$/],
      [["--launcher", "slurn"], /^Unknown launcher "slurn"\. Did you mean "slurm"\?/],
      [["--launcher", "local", "--jobs", "2"], /^--jobs: expected none with --launcher/],
      [["tiny.ts", "--launcher", "local"], /^--launcher: expected one experiment with it\.\n$/],
      [["--launcher", "./model.ts"], /^No launcher file \.\/model\.ts in .*\.\n$/],
      [["--launcher", "./tiny.ts"], /tiny\.ts: expected one launcher among its exports, got 0\.\n$/],
    ];
    await Promise.all(refusals.map(async ([args, message]) => {
      const { code, err } = await run(
        ["reproduce", "tiny.ts", "--models", "./none", "--runs", "runs", ...args],
        folder,
      );
      assertEquals(code, 2, err);
      assertMatch(err, message);
    }));
    assertEquals(ids(`${folder}/runs`), []);
  }));
