// Together: core/cli/reproduce.ts, core/run/execute.ts and cached_result.ts, on finished runs that are repeated.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { exists } from "@opf/framework";
import type { Result } from "../../../../core/results/result.ts";
import { run } from "../_command.ts";
import { counted, ids, start, steps, untilMet } from "../_processes.ts";
import { BACKEND, inFolder, numbers } from "../_resumed.ts";

// The second method's score reads the weights of the first, which plain fine-tuning does not keep.
const EXPERIMENT = `
import { defineExperiment } from "@opf/framework";
import { mpo, staticTop, zeroing } from "@opf/framework/plugins";

export default defineExperiment({
  name: "repeated",
  models: ["MODEL"],
  tasks: ["sst2"],
  seeds: [1],
  training: { epochs: 10, batchSize: 8, learningRate: 5e-3, factorLearningRate: 1e-3, maxLength: 16 },
  methods: {
    "fine-tuning": {},
    "static": { decomposition: mpo({ tensors: 3 }), policy: staticTop({ n: 1, score: zeroing() }) },
  },
});
`;

const COMMAND = [
  "reproduce",
  "repeated.ts",
  "--data",
  "data",
  "--runs",
  "runs",
  "--threads",
  "1",
  "--json",
  ...BACKEND,
];
const PLAIN = [...COMMAND, "--methods", "fine-tuning"];

/** A folder in which plain fine-tuning is done. */
const inPlace = <T>(
  use: (
    place: { folder: string; runs: string; plain: Result; resultOf(args: readonly string[]): Promise<Result> },
  ) => Promise<T>,
): Promise<T> =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/repeated.ts`, EXPERIMENT.replace("MODEL", `${folder}/model`));
    const resultOf = async (args: readonly string[]) => {
      const { code, out, err } = await run(args, folder);
      assertEquals(code, 0, err);
      return (JSON.parse(out).results as Result[])[0]!;
    };
    return await use({ folder, runs: `${folder}/runs`, plain: await resultOf([...PLAIN, "--keep-models"]), resultOf });
  });

/** Starts a command and interrupts it when the run, which is being repeated, has taken some steps; whether it was there yet. */
async function interrupted(args: readonly string[], { folder, id }: { folder: string; id: string }): Promise<boolean> {
  const path = `${folder}/runs/${id}`;
  await using running = start([...args, "--set", "checkpoint.everySeconds=0"], folder);
  const isRepeated = () => {
    const taken = steps(path).at(-1) ?? 0;
    return taken >= 10 && taken < 50;
  };
  if (!await running.until("the run is repeated", isRepeated) || !await running.interrupt()) return false;
  return !await exists(`${folder}/runs/fine-tuned/${id}.safetensors`);
}

Deno.test("a finished run that is repeated for its weights keeps its result until then, and is resumed", () =>
  untilMet(() =>
    inPlace(async ({ folder, runs, plain, resultOf }) => {
      const path = `${runs}/${plain.id}`;
      const before = await Deno.readTextFile(`${path}/result.json`);
      const whole = numbers(runs, plain);
      if (!await interrupted(COMMAND, { folder, id: plain.id })) return false;
      assertEquals(await Deno.readTextFile(`${path}/result.json`), before);
      assert(await exists(`${path}/model/model.safetensors`));
      const report = await run(["report", "repeated", "--runs", "runs"], folder);
      assertMatch(report.out, /^repeated: 1 of 2 runs/);
      assertEquals(report.out.includes("do not confirm"), false, report.out);
      // Finished for who needs nothing else; the repetition stays to be resumed.
      assertEquals(await resultOf(PLAIN), plain);
      const stopped = steps(path).at(-1)!;
      await resultOf(COMMAND);
      const again = JSON.parse(await Deno.readTextFile(`${path}/result.json`)) as Result;
      assertEquals([again.method, again.resumedFrom], ["fine-tuning", [stopped]]);
      assertEquals(numbers(runs, again), whole);
      assertEquals(steps(path), counted(steps(path)), "no step was taken twice");
      assert(await exists(`${path}/model/model.safetensors`));
      assertEquals(await exists(`${path}/checkpoint`), false);
      assertEquals(ids(runs).length, 2);
      return true;
    })
  ));

Deno.test("a finished run that fails when it is repeated keeps its result", () =>
  inPlace(async ({ folder, runs, plain }) => {
    const before = await Deno.readTextFile(`${runs}/${plain.id}/result.json`);
    await Deno.writeTextFile(`${runs}/fine-tuned`, "in the way of the weights");
    const { code, out, err } = await run([...COMMAND, "--methods", "static"], folder);
    assertEquals(code, 1, err);
    assertStringIncludes(JSON.parse(out).results[0].error, `that its score needs (run ${plain.id}) failed`);
    assertEquals(await Deno.readTextFile(`${runs}/${plain.id}/result.json`), before);
  }));
