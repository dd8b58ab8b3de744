import { assertEquals, assertRejects } from "@std/assert";
import { RequestError } from "@opf/framework";
import { eventSchema } from "../../../core/results/event.ts";
import { readRunHistory } from "../../../core/results/run_history.ts";
import { inFolder } from "../../_place.ts";
import { EventLog } from "../../../core/run/event_log.ts";
import { fc } from "../../_properties.ts";

const lossesOf = async (folder: string) => {
  const { steps, losses } = await readRunHistory(folder);
  return [...steps].map((step, index) => [step, losses[index]]);
};

const STEP = {
  type: "step" as const,
  step: 3,
  steps: 9,
  loss: 0.5,
  gradientNorm: 1,
  rate: 1e-7,
  seconds: 0.25,
  examples: 32,
  residentBytes: 1e9,
};

Deno.test("readRunHistory() reads the steps that runs write as the schema does", async () => {
  const number = fc.oneof(fc.double(), fc.constantFrom(0, -0, 1e21, 1e-7, -5e-324, NaN, Infinity, 2 ** 53));
  const step = fc.record({
    type: fc.constant("step" as const),
    step: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    steps: fc.integer({ min: 0, max: 2 ** 53 - 1 }),
    loss: number,
    gradientNorm: number,
    rate: number,
    seconds: number,
    examples: fc.nat(),
    residentBytes: fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e300, noNaN: true })),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), (steps) =>
      inFolder(async (folder) => {
        using log = await EventLog.open(`${folder}/events.jsonl`, {});
        for (const event of steps) log.write(event, { seconds: event.step / 7 });
        const expected = steps.map((event) => {
          const read = eventSchema.parse(JSON.parse(JSON.stringify(event)));
          return read.type === "step" ? [read.step, read.loss] : [];
        });
        assertEquals(await lossesOf(folder), expected);
      })),
    { numRuns: 50 },
  );
});

Deno.test("readRunHistory() reads a step that is written otherwise, and refuses one that is damaged", async () => {
  const text = JSON.stringify({ time: 1, ...STEP });
  const read = (line: string) =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/events.jsonl`, `${text}\n${line}\n`);
      return (await lossesOf(folder))[1];
    });
  assertEquals(await read(text), [3, 0.5]);
  assertEquals(await read(JSON.stringify(STEP)), [3, 0.5]);
  assertEquals(await read(JSON.stringify({ ...STEP, more: [1] })), [3, 0.5]);
  assertEquals(await read(text.replaceAll(",", " , ")), [3, 0.5]);
  assertEquals(await read(text.replace('"loss":0.5', '"loss":null')), [3, NaN]);
  for (
    const damaged of [
      text.replace('"step":3', '"step":03'),
      text.replace('"step":3', '"step":-3'),
      text.replace('"step":3', '"step":3.5'),
      text.replace('"loss":0.5', '"loss":.5'),
      text.replace('"loss":0.5', '"loss":"0.5"'),
      text.replace('"loss":0.5', '"loss":1,"loss":0.5'),
      text.replace('"examples":32,', ""),
      text.replace('"rate":', '"rat":'),
      text + "}",
      ` ${text.slice(1)}`,
    ]
  ) {
    const error = await assertRejects(() => read(damaged), RequestError);
    assertEquals((error as Error).message.includes("events.jsonl, line 2: "), true, (error as Error).message);
  }
});
