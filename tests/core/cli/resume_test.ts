import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Result } from "../../../core/experiment/results.ts";
import { inTinyFolder, run, spawn } from "./_command.ts";

const COMMAND = ["reproduce", "resumed.ts", "--data", "data", "--threads", "1", "--json"];

// All that a checkpoint must bring back: factors, rounds, sums of gradients, a best model, a rate found by trials.
const EXPERIMENT = `
import { defineExperiment } from "@opf/framework";
import { dense, dynamicTop, mpo, staticTop, taylor } from "@opf/framework/plugins";

export default defineExperiment({
  name: "resumed",
  models: ["MODEL"],
  tasks: ["sst2"],
  seeds: [1],
  training: { epochs: 12, batchSize: 8, learningRate: 5e-3, factorLearningRate: 1e-3, maxLength: 16 },
  methods: {
    "dynamic": {
      decomposition: mpo({ tensors: 3 }),
      policy: dynamicTop({ n: 2, perRound: 1, every: { steps: 20 }, firstRound: "after", score: taylor({ gradients: "training" }) }),
      training: { keep: "best", heldOut: 0.2 },
    },
    "rate-matched": {
      decomposition: dense({ rate: { matched: mpo({ tensors: 3 }), steps: 3 } }),
      policy: staticTop({ n: 1, score: taylor() }),
    },
  },
});
`;

const inFolder = (use: (folder: string) => Promise<void>) =>
  inTinyFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/resumed.ts`, EXPERIMENT.replace("MODEL", `${folder}/model`));
    await use(folder);
  });

/** A process and all that it started. */
function family(pid: number): number[] {
  try {
    const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
    return [pid, ...children.split(" ").filter(Boolean).flatMap((child) => family(Number(child)))];
  } catch {
    return [pid];
  }
}

/** Starts the command and kills it with all that it started, some time after its first steps. Whether it was killed. */
async function killed(command: readonly string[], folder: string, seconds: number): Promise<boolean> {
  const process = spawn(command, folder);
  const output = process.output();
  let ended = false;
  process.status.then(() => ended = true);
  const begun = performance.now();
  while (!ended && performance.now() - begun < 1000 * seconds) await new Promise((resume) => setTimeout(resume, 10));
  const inTime = !ended;
  if (inTime) { for (const pid of family(process.pid)) kill(pid); }
  await output;
  return inTime;
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch { /* it ended in the meantime */ }
}

const linesOf = (path: string) => Deno.readTextFileSync(path).trimEnd().split("\n").map((line) => JSON.parse(line));

/** What must be the same: the loss of each step as it was taken last, and all that the result says of numbers. */
function numbers(folder: string, runs: string, { id, metrics, selected, merge, parameters }: Result) {
  const losses = new Map<number, unknown>();
  for (const event of linesOf(`${folder}/${runs}/${id}/events.jsonl`)) {
    if (event.type === "step") losses.set(event.step, [event.loss, event.gradientNorm]);
  }
  const predictions = Deno.readTextFileSync(`${folder}/${runs}/${id}/predictions.jsonl`);
  return { metrics, selected, merge, parameters, losses: [...losses], predictions };
}

const KILLS = Number(Deno.env.get("OPF_TEST_KILLS") ?? 5);

Deno.test("reproduce, killed at random moments and started again, ends with the same numbers bit for bit", () =>
  inFolder(async (folder) => {
    const started = performance.now();
    const whole = await run([...COMMAND, "--runs", "whole"], folder);
    assertEquals(whole.code, 0, whole.err);
    const wholeSeconds = (performance.now() - started) / 1000;
    const command = [...COMMAND, "--runs", "killed", "--set", "checkpoint.everySeconds=0.2"];
    let kills = 0;
    for (let tries = 0; tries < KILLS; tries++) {
      if (await killed(command, folder, (0.2 + 0.7 * Math.random()) * wholeSeconds)) kills++;
      else await Deno.remove(`${folder}/killed`, { recursive: true }); // all done: from the start again
    }
    const { code, out, err } = await run(command, folder);
    assertEquals(code, 0, err);
    const expected = JSON.parse(whole.out).results as Result[];
    const found = JSON.parse(out).results as Result[];
    for (const [at, result] of found.entries()) {
      assertEquals(result.id, expected[at]!.id);
      assertEquals(numbers(folder, "killed", result), numbers(folder, "whole", expected[at]!));
      const resumed = linesOf(`${folder}/killed/${result.id}/events.jsonl`).filter(({ type }) => type === "resumed");
      // A run that was killed again before it kept anything goes on from the same step.
      assertEquals([...new Set(result.resumedFrom)], [...new Set(resumed.map(({ step }) => step))]);
    }
    assert(kills > 0);
    // deno-lint-ignore no-console -- the count is wanted
    console.log(`${kills} kills, taken up ${JSON.stringify(found.map(({ resumedFrom }) => resumedFrom))}`);
  }));

Deno.test("reproduce, interrupted, goes on after the step it stopped at", () =>
  inFolder(async (folder) => {
    const command = [...COMMAND, "--runs", "runs", "--methods", "dynamic"];
    const process = spawn(command, folder);
    const output = process.output();
    let ended = false;
    process.status.then(() => ended = true);
    const events = () => {
      for (const { name } of Deno.readDirSync(`${folder}/runs`)) {
        const path = `${folder}/runs/${name}/events.jsonl`;
        try {
          return Deno.readTextFileSync(path).trimEnd().split("\n");
        } catch { /* not yet */ }
      }
      return [];
    };
    const enough = () => {
      try {
        return events().some((line) => line.includes('"step":30,'));
      } catch {
        return false;
      }
    };
    while (!ended && !enough()) await new Promise((resume) => setTimeout(resume, 20));
    process.kill("SIGINT");
    assertEquals((await output).code, 130);
    const taken = events().map((line) => JSON.parse(line)).filter(({ type }) => type === "step").at(-1).step;
    const { code, out, err } = await run(command, folder);
    assertEquals(code, 0, err);
    const [result] = JSON.parse(out).results as [Result];
    assertEquals(result.resumedFrom, [taken]);
    const steps = events().map((line) => JSON.parse(line)).filter(({ type }) => type === "step").map(({ step }) =>
      step
    );
    assertEquals(steps, Array.from(steps, (_, at) => at + 1), "no step was taken twice");
    assertEquals([...Deno.readDirSync(`${folder}/runs/${result.id}`)].map(({ name }) => name).toSorted(), [
      "events.jsonl",
      "predictions.jsonl",
      "result.json",
      "run.json",
    ]);
  }));

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
      const events = linesOf(`${folder}/runs/${id}/events.jsonl`);
      const steps = events.filter(({ type }) => type === "step").map(({ step }) => step);
      assertEquals(steps, Array.from(steps, (_, at) => at + 1));
    }
    assertStringIncludes(both.map(({ err }) => err).join(), "Another process is doing run");
  }));

Deno.test("a worker whose runner is gone keeps the run's state and ends", () =>
  inFolder(async (folder) => {
    const command = [...COMMAND, "--runs", "runs", "--methods", "dynamic", "--set", "training.epochs=2000"];
    const process = spawn(command, folder);
    const output = process.output();
    const stepping = () => {
      try {
        return [...Deno.readDirSync(`${folder}/runs`)].some(({ name }) =>
          Deno.readTextFileSync(`${folder}/runs/${name}/events.jsonl`).includes('"step":5,')
        );
      } catch {
        return false;
      }
    };
    while (!stepping()) await new Promise((resume) => setTimeout(resume, 20));
    const [runner, ...others] = family(process.pid);
    assert(others.length > 0);
    kill(runner!);
    await output;
    const alive = (pid: number) => {
      try {
        return !Deno.readTextFileSync(`/proc/${pid}/stat`).includes(") Z ");
      } catch {
        return false;
      }
    };
    while (others.some(alive)) await new Promise((resume) => setTimeout(resume, 50));
    const [id] = [...Deno.readDirSync(`${folder}/runs`)].map(({ name }) => name).filter((name) => name.length === 16);
    assertEquals([...Deno.readDirSync(`${folder}/runs/${id}/checkpoint`)].map(({ name }) => name), [
      "state.safetensors",
    ]);
  }));

Deno.test("reproduce goes on where a checkpoint cannot be written or read, with a word", () =>
  inFolder(async (folder) => {
    const command = [...COMMAND, "--runs", "runs", "--methods", "dynamic"];
    const dry = await run([...command, "--dry-run"], folder);
    const { runs: [{ id }] } = JSON.parse(dry.out);
    const state = `${folder}/runs/${id}/checkpoint`;
    await Deno.mkdir(`${folder}/runs/${id}`, { recursive: true });
    await Deno.writeTextFile(state, "in the way of the folder");
    const unwritable = await run([...command, "--set", "checkpoint.everySeconds=0"], folder);
    assertEquals(unwritable.code, 0, unwritable.err);
    assertStringIncludes(unwritable.err, "could not be written");
    for (const name of ["checkpoint", "result.json"]) {
      await Deno.remove(`${folder}/runs/${id}/${name}`, { recursive: true }).catch(() => {});
    }
    await Deno.mkdir(state);
    await Deno.writeTextFile(`${state}/state.safetensors`, "half of a file");
    const unreadable = await run(command, folder);
    assertEquals(unreadable.code, 0, unreadable.err);
    assertStringIncludes(unreadable.err, "The run begins anew");
    assertEquals(JSON.parse(unreadable.out).results[0].resumedFrom, []);
  }));
