import { RequestError } from "@opf/framework";
import { assertEquals, assertRejects } from "@std/assert";
import {
  launchNumbers,
  makeLaunchFolder,
  readArrays,
  readLaunch,
  readTask,
  writeArrays,
  writeLaunch,
} from "../../../../core/execution/launch/launch_folder.ts";
import type { Request } from "../../../../core/experiment/request.ts";
import { inFolder } from "../../../_place.ts";

const place = { model: 0, task: 1, point: 2, method: "OPF", seed: 3, values: { "training.learningRate": 1e-4 } };
const launched = (id: string) => ({ id, model: "bert", task: "rte", method: "OPF", seed: 3, place, share: true });
// Every field that a request may have: tasks must receive all of them.
const request: Request = {
  ...{ tasks: ["rte"], methods: ["OPF"], models: ["bert"], seeds: [3], set: ["training.epochs=1"], backend: "xla" },
  ...{
    data: "/data",
    runs: "/runs",
    keepModels: true,
    tensorboard: true,
    jobs: 1,
    threads: 4,
    device: "gpu",
    devices: 2,
  },
};
const launch = { experiment: "mine", url: "file:///mine.ts", modules: ["a"], request, launcher: "slurm", restarts: 5 };

Deno.test("a task reads of its launch what was written", () =>
  inFolder(async (folder) => {
    await writeLaunch(folder, launch, [launched("a1"), launched("b2")]);
    assertEquals(await readTask(folder, 1), { launch, run: launched("b2") });
    const array = { id: "12", first: 0, count: 2, title: "runs", kind: "runs" } as const;
    await writeArrays(folder, [array]);
    assertEquals(await readArrays(folder), [array]);
  }));

Deno.test("a task that its launch does not have is refused, and so are damaged files", () =>
  inFolder(async (folder) => {
    await writeLaunch(folder, launch, [launched("a1")]);
    await assertRejects(() => readTask(folder, 1), RequestError, "expected a launch with a task 1");
    await Deno.writeTextFile(`${folder}/runs.jsonl`, JSON.stringify({ ...launched("a1"), seed: "x" }) + "\n");
    await assertRejects(() => readTask(folder, 0), RequestError, `runs.jsonl, line 1: "seed"`);
    await Deno.writeTextFile(`${folder}/launch.json`, "{");
    await assertRejects(() => readLaunch(folder), RequestError, "launch.json: expected JSON");
  }));

Deno.test("launches that start at the same time have their own numbers", () =>
  inFolder(async (folder) => {
    const made = await Promise.all(Array.from({ length: 8 }, () => makeLaunchFolder(folder)));
    assertEquals(made.map(({ number }) => number).toSorted((a, b) => a - b), [1, 2, 3, 4, 5, 6, 7, 8]);
    assertEquals(await launchNumbers(folder), [1, 2, 3, 4, 5, 6, 7, 8]);
    assertEquals(await launchNumbers(`${folder}/none`), []);
  }));
