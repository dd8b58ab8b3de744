import { assertEquals } from "@std/assert";
import { readRunHistory } from "../../../core/results/run_history.ts";
import { EventLog } from "../../../core/run/event_log.ts";
import type { TrainingEvent } from "../../../core/training/fine_tune_request.ts";
import type { Position } from "../../../core/training/training_state.ts";
import { inFolder } from "../../_place.ts";

const step = (step: number): TrainingEvent => ({
  type: "step",
  step,
  steps: 6,
  loss: 0.5,
  gradientNorm: 1,
  rate: 1,
  seconds: 0.1,
  examples: 8,
  residentBytes: 1,
});
const EVENTS: readonly TrainingEvent[] = [
  { type: "ranking", step: 0, score: "taylor", ranking: [["w", 0.5]] },
  { type: "converted", step: 0, matrices: [] },
  step(1),
  step(2),
  { type: "evaluation", step: 2, epoch: 1, metrics: { accuracy: 0.5 } },
  { type: "held-out", step: 2, epoch: 1, metrics: { accuracy: 0.5 } },
  { type: "ranking", step: 2, score: "taylor", ranking: [["w", 0.5]] },
  { type: "converted", step: 2, matrices: [] },
  step(3),
];

/** What is left of a log of these events when its run is resumed there. */
const left = (resumedAt: Position | undefined, text = "") =>
  inFolder(async (folder) => {
    const path = `${folder}/events.jsonl`;
    using log = await EventLog.open(path, {});
    for (const event of EVENTS) log.write(event, { seconds: 1 });
    await Deno.writeTextFile(path, text, { append: true });
    using again = await EventLog.open(path, { resumedAt });
    if (resumedAt) again.write({ type: "resumed", step: resumedAt.step }, { seconds: 2 });
    await readRunHistory(folder);
    const lines = (await Deno.readTextFile(path)).split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line)).filter(({ type }) => type !== "resumed").length;
  });

Deno.test("a run that is resumed drops the events that happen again", async () => {
  for (
    const [position, count] of [
      [{ step: 0, phase: "round" }, 2],
      [{ step: 1, phase: "step" }, 3],
      [{ step: 2, phase: "step" }, 4],
      [{ step: 2, phase: "evaluation" }, 6],
      [{ step: 2, phase: "round" }, 8],
      [{ step: 3, phase: "step" }, 9],
      [undefined, 0],
    ] as const
  ) assertEquals(await left(position), count, JSON.stringify(position));
});

Deno.test("a run that is resumed drops a line that was being written, and what follows a damaged one", async () => {
  assertEquals(await left({ step: 3, phase: "step" }, '{"type":"st'), 9);
  assertEquals(await left({ step: 3, phase: "step" }, `null\n${JSON.stringify(step(3))}\n`), 9);
});
