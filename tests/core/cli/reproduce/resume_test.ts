// Together: core/cli/reproduce.ts and core/run/checkpoint_file.ts, in processes that are killed and resumed.
import { assertEquals, assertLessOrEqual, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { readSafetensors, writeSafetensors } from "../../../../core/io/safetensors.ts";
import type { Result } from "../../../../core/results/result.ts";
import { run } from "../_command.ts";
import { counted, events, family, ids, kill, start, steps, untilMet } from "../_processes.ts";
import { COMMAND, inFolder, numbers } from "../_resumed.ts";

const lines = (runs: string) => ids(runs).reduce((sum, id) => sum + events(`${runs}/${id}`).length, 0);

/**
 * Starts the command and kills it with all that it started, some time after it wrote so many lines. Whether it was killed
 * before it ended.
 */
async function killed(
  command: readonly string[],
  { folder, runs, after, seconds }: { folder: string; runs: string; after: number; seconds: number },
): Promise<boolean> {
  const before = lines(runs);
  await using running = start(command, folder);
  await running.until(`${after} more lines are written`, () => lines(runs) >= before + after);
  const moment = performance.now() + 1000 * seconds;
  const inTime = await running.until("the moment comes", () => performance.now() >= moment);
  if (inTime) kill(family(running.pid));
  await running.end;
  return inTime;
}

/** Starts the command in `runs`, from nothing, and interrupts it when something is so; whether it was before its end. */
async function interrupted(
  command: readonly string[],
  { folder, when }: { folder: string; when: () => boolean },
): Promise<boolean> {
  await Deno.remove(`${folder}/runs`, { recursive: true }).catch(() => {});
  await using running = start(command, folder);
  return await running.until("the run is under way", when) && await running.interrupt();
}

/** What happened in a run, each event by its type and step. */
const happened = (folder: string) =>
  events(folder).filter(({ type }) => type !== "resumed").map(({ type, step }) => `${type} ${step}`);

const KILLS = Number(Deno.env.get("OPF_TEST_KILLS") ?? 3);

Deno.test("reproduce, killed at random moments and started again, ends with the same numbers bit for bit", () =>
  inFolder(async (folder) => {
    const whole = await run([...COMMAND, "--runs", "whole"], folder);
    assertEquals(whole.code, 0, whole.err);
    const expected = JSON.parse(whole.out).results as Result[];
    const all = lines(`${folder}/whole`);
    const runs = `${folder}/killed`;
    // How often a state is kept changes no numbers.
    const command = (
      seconds: number,
    ) => [...COMMAND, "--runs", "killed", "--set", `checkpoint.everySeconds=${seconds}`];
    const moments: string[] = [];
    const compare = async () => {
      const { code, out, err } = await run(command(0.2), folder);
      assertEquals(code, 0, err);
      for (const [at, result] of (JSON.parse(out).results as Result[]).entries()) {
        const message = `after kills at ${moments.join("; ")}`;
        assertEquals(result.id, expected[at]!.id);
        assertEquals(numbers(runs, result), numbers(`${folder}/whole`, expected[at]!), message);
        const resumed = events(`${runs}/${result.id}`).filter(({ type }) => type === "resumed");
        // A run that was killed again before its next checkpoint is resumed after the same step.
        assertEquals([...new Set(result.resumedFrom)], [...new Set(resumed.map(({ step }) => step))]);
        assertEquals(happened(`${runs}/${result.id}`), happened(`${folder}/whole/${result.id}`), "every event once");
      }
    };
    while (moments.length < KILLS) {
      const after = Math.floor(0.5 * Math.random() * all), seconds = Math.random();
      if (await killed(command(0.2 * Math.random()), { folder, runs, after, seconds })) {
        moments.push(`${after} lines and ${seconds.toFixed(2)} s`);
      } else {
        await compare();
        await Deno.remove(runs, { recursive: true }); // all done: from the start again
      }
    }
    await compare();
  }));

Deno.test("reproduce, killed where it keeps its state after every step, replays one step at most", () =>
  inFolder(async (folder) => {
    const runs = `${folder}/runs`;
    const command = [...COMMAND, "--runs", "runs", "--methods", "dynamic", "--set", "checkpoint.everySeconds=0"];
    await untilMet(async () => {
      await Deno.remove(runs, { recursive: true }).catch(() => {});
      return await killed(command, { folder, runs, after: 12, seconds: 0 });
    });
    const [id] = ids(runs);
    const before = steps(`${runs}/${id}`).length;
    const { code, out, err } = await run(command, folder);
    assertEquals(code, 0, err);
    const [resumedFrom] = JSON.parse(out).results[0].resumedFrom;
    assertLessOrEqual(before - resumedFrom, 1);
    assertEquals(steps(`${runs}/${id}`), counted(steps(`${runs}/${id}`)), "every step once");
    assertEquals([...Deno.readDirSync(`${runs}/${id}`)].map(({ name }) => name).toSorted(), [
      "events.jsonl",
      "predictions.jsonl",
      "result.json",
      "run.json",
    ]);
  }));

Deno.test("reproduce, interrupted, is resumed after the step it stopped at", () =>
  inFolder(async (folder) => {
    const command = [...COMMAND, "--runs", "runs", "--methods", "dynamic"];
    const taken = () => steps(`${folder}/runs/${ids(`${folder}/runs`)[0]}`);
    await untilMet(() => interrupted(command, { folder, when: () => taken().length >= 20 }));
    const before = taken().at(-1)!;
    const { code, out, err } = await run(command, folder);
    assertEquals(code, 0, err);
    const [result] = JSON.parse(out).results as [Result];
    assertEquals(result.resumedFrom, [before]);
    assertEquals(taken(), counted(taken()), "no step was taken twice");
  }));

Deno.test("reproduce continues without a checkpoint that cannot be written or read, and says so", () =>
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
    assertStringIncludes(unreadable.err, "it starts over");
    assertEquals(JSON.parse(unreadable.out).results[0].resumedFrom, []);
  }));

Deno.test("a sound checkpoint that another version of a plugin wrote is dropped, and the run starts over", () =>
  inFolder(async (folder) => {
    const command = [...COMMAND, "--runs", "runs", "--methods", "dynamic", "--set", "checkpoint.everySeconds=0"];
    const runs = `${folder}/runs`;
    const isConverted = () =>
      ids(runs).flatMap((id) => events(`${runs}/${id}`)).some(({ type, step }) => type === "step" && step > 15);
    await untilMet(() => interrupted(command, { folder, when: isConverted }));
    const path = `${runs}/${ids(runs)[0]}/checkpoint/state.safetensors`;
    const { entries, metadata, tensor } = await readSafetensors(path);
    // Each factor with its axes turned round, under the right digest.
    const tensors = new Map(
      entries.keys().map((name) => {
        const { shape, values } = tensor(name);
        return [name, { shape: name.includes("#") ? shape.toReversed() : shape, values }] as const;
      }),
    );
    const hash = createHash("sha256").update(metadata.state!);
    for (const [name, { shape, values }] of tensors) {
      hash.update(JSON.stringify([name, shape])).update(
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      );
    }
    await writeSafetensors(path, tensors, { ...metadata, sha256: hash.digest("hex") });
    const { code, out, err } = await run(command, folder);
    assertEquals(code, 0, err);
    assertMatch(err, /Run \w+ is not resumed: its checkpoint does not fit it.*it starts over/);
    const [result] = JSON.parse(out).results as [Result];
    assertEquals([result.status, result.resumedFrom], ["done", []]);
    const taken = steps(`${runs}/${result.id}`);
    assertEquals(taken, counted(taken), "no step was taken twice");
  }));

Deno.test("reproduce on a full disk ends with a message, and is resumed when there is room", () =>
  inFolder(async (folder) => {
    const words = [...COMMAND, "--methods", "dynamic", "--set", "checkpoint.everySeconds=0"];
    // Files of some kilobytes and no more, as on a disk that is full: the log of events does not fit.
    const full = await run([...words, "--runs", "runs"], folder, { kilobytes: 4 });
    assertEquals(full.code, 1, full.err);
    assertStringIncludes(full.out, "failed");
    const [id] = ids(`${folder}/runs`);
    assertNotEquals(steps(`${folder}/runs/${id}`), []);
    const results = [];
    for (const runs of ["runs", "whole"]) {
      const { code, out, err } = await run([...words, "--runs", runs], folder);
      assertEquals(code, 0, err);
      results.push(numbers(`${folder}/${runs}`, JSON.parse(out).results[0]));
    }
    assertEquals(results[0], results[1]);
  }));
