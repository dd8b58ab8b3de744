import { assertEquals, assertStringIncludes } from "@std/assert";
import { readSafetensors, writeSafetensors } from "../../../core/io/safetensors.ts";
import { RunCheckpoint, type RunCheckpointOptions } from "../../../core/run/checkpoint_file.ts";
import type { TrainingState } from "../../../core/training/training_state.ts";
import { inFolder } from "../../_place.ts";

const STATE: TrainingState = {
  facts: {
    position: { step: 3, phase: "evaluation" },
    rounds: {
      selected: [{ name: "w", step: 0, error: 1e-7, size: 4, facts: { bonds: [2] } }],
      rankings: [{ step: 0, score: "taylor", ranking: [["w", 0.5]] }],
      conversions: [{ names: ["w"], movements: [{ w: 0.5 }] }],
      factorizeDifference: 1e-7,
      seconds: { selection: 1, decomposition: 2 },
    },
    updates: { "w#0": 3 },
    accumulatedSteps: 0,
    best: { value: null, mergeDifference: 0, logits: [[0.25, -1]] },
    seconds: { evaluation: 1, firstStep: 2, steps: [0.5] },
  },
  tensors: new Map([
    ["weights/w#0", { shape: [2, 2], read: () => Float32Array.of(1, 2, 3, 4) }],
    ["first/w#0", { shape: [2, 2], read: () => Float32Array.of(0, 0, 0.5, 0) }],
  ]),
};

/** A saved checkpoint, changed, and opened again: what is resumed, and what is said. */
async function reopened(
  change: (path: string) => Promise<void>,
  options: Partial<RunCheckpointOptions> = {},
): Promise<{ state: TrainingState | undefined; notes: string[]; checkpoint: RunCheckpoint }> {
  return await inFolder(async (folder) => {
    const path = `${folder}/checkpoint/state.safetensors`, notes: string[] = [];
    const all: RunCheckpointOptions = {
      id: "0123",
      steps: 10,
      everySeconds: 0,
      usage: () => ({ seconds: 5, peakBytes: 7, resumedFrom: [1] }),
      flush: () => {},
      note: (message) => notes.push(message),
    };
    await (await RunCheckpoint.open(path, all)).save(STATE);
    await change(path);
    const checkpoint = await RunCheckpoint.open(path, { ...all, ...options });
    return { state: checkpoint.load(), notes, checkpoint };
  });
}

/** A state with its values. */
const whole = ({ facts, tensors }: TrainingState) => ({
  facts,
  tensors: new Map([...tensors].map(([name, { shape, read }]) => [name, { shape, values: read() }])),
});

/** Rewrites the state that a checkpoint stores beside its tensors. */
const withState = (change: (state: string) => string) => async (path: string) => {
  const file = await readSafetensors(path);
  const tensors = new Map([...file.entries.keys()].map((name) => [name, file.tensor(name)]));
  await writeSafetensors(path, tensors, { ...file.metadata, state: change(file.metadata.state!) });
};

Deno.test("a checkpoint gives back the state that was saved, once", async () => {
  const { state, notes, checkpoint } = await reopened(() => Promise.resolve());
  assertEquals(whole(state!), whole(STATE));
  assertEquals(notes, []);
  assertEquals(checkpoint.resumedAt, { step: 3, phase: "evaluation" });
  assertEquals(checkpoint.usage, { seconds: 5, peakBytes: 7, resumedFrom: [1, 3] });
  assertEquals(checkpoint.load(), undefined);
});

Deno.test("a checkpoint with one bit flipped anywhere is not resumed", async () => {
  const size = await inFolder(async (folder) => {
    await writeSafetensors(`${folder}/x`, STATE.tensors);
    return (await Deno.stat(`${folder}/x`)).size;
  });
  for (let bit = 0; bit < 40; bit++) {
    const { state, notes, checkpoint } = await reopened(async (path) => {
      const bytes = await Deno.readFile(path);
      // The header, the state in it, and every byte of the tensors.
      const offset = bit < 32 ? bytes.length - 1 - bit : Math.floor((bytes.length - size / 2) * (bit - 32) / 8);
      bytes[offset]! ^= 1 << bit % 7;
      await Deno.writeFile(path, bytes);
    });
    assertEquals([state, checkpoint.resumedAt, checkpoint.usage.resumedFrom], [undefined, undefined, []], `${bit}`);
    assertEquals(notes.length, 1);
    assertStringIncludes(notes[0]!, "Run 0123 is not resumed: ");
    assertStringIncludes(notes[0]!, "it starts over");
  }
});

for (
  const [what, change, reason] of [
    ["no state", () => "", "expected JSON"],
    [
      "a state of a later step",
      (state: string) => state.replace('"step":3', '"step":1000000'),
      "expected at most 10 steps",
    ],
    [
      "a state of a step before the first",
      (state: string) => state.replace('"step":3', '"step":-1'),
      "facts.position.step",
    ],
    ["no facts", (state: string) => JSON.stringify({ ...JSON.parse(state), facts: undefined }), '"facts"'],
    ["an empty usage", (state: string) => JSON.stringify({ ...JSON.parse(state), usage: {} }), "usage.seconds"],
    ["another version", (state: string) => state.replace(/"version":\d+/, '"version":1'), '"version"'],
    ["a changed number", (state: string) => state.replace('"updates":{"w#0":3}', '"updates":{"w#0":4}'), "SHA-256"],
  ] as const
) {
  Deno.test(`a checkpoint with ${what} is not resumed`, async () => {
    const { state, notes } = await reopened(withState(change));
    assertEquals(state, undefined);
    assertStringIncludes(notes.join(), reason);
  });
}

Deno.test("a checkpoint of another run, and one cut in half, are not resumed", async () => {
  assertStringIncludes(
    (await reopened(() => Promise.resolve(), { id: "4567" })).notes.join(),
    'expected the run "4567"',
  );
  const cut = await reopened(async (path) => await Deno.truncate(path, Math.floor((await Deno.stat(path)).size / 2)));
  assertEquals([cut.state, cut.notes.length], [undefined, 1]);
});
