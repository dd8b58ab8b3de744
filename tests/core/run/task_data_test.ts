import { type Example, type Metric, RequestError, type Task } from "@opf/framework";
import * as tasks from "@opf/framework/tasks";
import { assertEquals, assertRejects } from "@std/assert";
import { loadTaskData } from "../../../core/run/task_data.ts";

const accuracy: Metric = tasks.accuracy;

const examples = (count: number): Example[] =>
  Array.from({ length: count }, (_, index) => ({ index, texts: [`text ${index}`], label: index % 3 }));

const TASK: Task = {
  name: "mine",
  head: { kind: "classification", outputs: 3 },
  metrics: [accuracy],
  primary: "accuracy",
  load: () => Promise.resolve({ train: examples(8), dev: examples(6), origin: { files: { "a.tsv": "digest" } } }),
};

// An experiment file runs without type checks.
// deno-lint-ignore no-explicit-any
const loading = (change: (data: any) => unknown): Task => ({
  ...TASK,
  load: async (context) => change(await TASK.load(context)) as ReturnType<Task["load"]>,
});
const changed = (example: object, set = "train") =>
  loading((data) => ({ ...data, [set]: data[set].with(4, { ...data[set][4], ...example }) }));
const measuredBy = (metric: Partial<Metric>): Task => ({ ...TASK, metrics: [{ ...accuracy, ...metric }] });
const load = (task: Task) => loadTaskData(task, { sources: [] });

Deno.test("loadTaskData() returns data that fit, the practice tasks' among them", async () => {
  assertEquals((await load(TASK)).dev.length, 6);
  const { practiceAcceptability, practiceEntailment, practiceSentiment, practiceSimilarity } = tasks;
  for (const task of [practiceAcceptability, practiceEntailment, practiceSentiment, practiceSimilarity]) {
    assertEquals((await load(task)).dev.length, 512);
  }
});

const MISTAKES: readonly [Task, string][] = [
  [loading(() => undefined), "mine: expected load() to return train and dev, two lists of examples."],
  [loading(({ train, origin }) => ({ train, origin })), "mine: expected load() to return train and dev"],
  [loading((data) => ({ ...data, origin: undefined })), "mine: expected load() to return origin: { files }"],
  [loading((data) => ({ ...data, origin: { files: { a: 1 } } })), "a digest for each file."],
  [loading((data) => ({ ...data, dev: [] })), "mine: its dev set is empty."],
  [loading((data) => ({ ...data, dev: [...data.dev, data.dev[0]] })), "mine, dev set: two examples have the index 0."],
  [changed({ index: undefined }, "dev"), "mine, index of dev example 4: expected an integer from 0, got undefined."],
  [changed({ texts: "text" }), "mine, texts of train example 4: expected a list of one or two texts."],
  [changed({ texts: [] }), "mine, texts of train example 4"],
  [changed({ texts: ["a", "b", "c"] }), "mine, texts of train example 4"],
  [changed({ texts: undefined, text: "text" }), "mine, texts of train example 4"],
  [changed({ label: 3 }), "mine, label of train example 4: expected a class from 0 to 2, got 3."],
  [changed({ label: "b" }, "dev"), "mine, label of dev example 4: expected a class from 0 to 2, got b."],
  [measuredBy({ compute: () => 50 }), "mine, accuracy of predictions that are all right: expected a fraction"],
  [measuredBy({ compute: () => "1" as unknown as number }), "expected a fraction, 1 at most, got 1."],
  [measuredBy({ perExample: () => [1] }), "expected perExample() to return 6 numbers, got 1."],
  [measuredBy({ perExample: (predictions) => predictions.map(() => 0.5) }), "expected 1 as the mean of perExample()"],
  [measuredBy({ perExample: (predictions) => predictions.map(() => NaN) }), "got NaN."],
];

for (const [task, message] of MISTAKES) {
  Deno.test(`loadTaskData() refuses: ${message}`, async () => {
    await assertRejects(() => load(task), RequestError, message);
  });
}

Deno.test("loadTaskData() takes a metric that is undefined of its labels, and one without contributions", async () => {
  await load(measuredBy({ compute: () => NaN }));
  const { perExample: _, ...plain } = accuracy;
  await load({ ...TASK, metrics: [plain] });
});
