import { type Example, RequestError, type Source, type Task } from "@opf/framework";
import * as tasks from "@opf/framework/tasks";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname } from "node:path";
import { inFolder } from "../_place.ts";

const { cola, mnli, mrpc, qnli, qqp, rte, sst2, stsb, wnli } = tasks;
const FIXTURES = new URL("../fixtures/glue/", import.meta.url).pathname;

const load = (task: Task, files: { readonly [path: string]: string }) =>
  inFolder(async (folder) => {
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(dirname(`${folder}/${name}`), { recursive: true });
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    const sets = await task.tests!.load({ folder, sources: [] });
    return sets.map(({ file, examples }) => [file, ...examples.map(flat)]);
  });

const flat = ({ index, texts, label }: Example) => [index, ...texts, ...label === undefined ? [] : [label]];

// As the official files are: no labels, columns of each task's own.
const OFFICIAL: readonly (readonly [Task, path: string, text: string, file: string, row: unknown[]])[] = [
  [cola, "CoLA/test.tsv", "index\tsentence\n0\tBill sang.\n", "CoLA.tsv", [0, "Bill sang."]],
  [sst2, "SST-2/test.tsv", "index\tsentence\n0\tuneasy mishmash\n", "SST-2.tsv", [0, "uneasy mishmash"]],
  [mrpc, "MRPC/test.tsv", "index\t#1 ID\t#2 ID\t#1 String\t#2 String\n0\t1\t2\tA\tB\n", "MRPC.tsv", [0, "A", "B"]],
  [qqp, "QQP/test.tsv", "id\tquestion1\tquestion2\n0\tA?\tB?\n", "QQP.tsv", [0, "A?", "B?"]],
  [qnli, "QNLI/test.tsv", "index\tquestion\tsentence\n0\tA?\tB.\n", "QNLI.tsv", [0, "A?", "B."]],
  [rte, "RTE/test.tsv", "index\tsentence1\tsentence2\n0\tA\tB\n", "RTE.tsv", [0, "A", "B"]],
  [wnli, "WNLI/test.tsv", "index\tsentence1\tsentence2\n0\tA\tB\n", "WNLI.tsv", [0, "A", "B"]],
  [stsb, "STS-B/test.tsv", "index\tgenre\tsentence1\tsentence2\n0\tg\tA\tB\n", "STS-B.tsv", [0, "A", "B"]],
];

Deno.test("test sets are read from the official files, and handed in under the server's names", async () => {
  for (const [task, path, text, file, row] of OFFICIAL) assertEquals(await load(task, { [path]: text }), [[file, row]]);
  const both = { "MNLI/test_matched.tsv": "sentence1\tsentence2\nA\tB\n", "mnli/test_mismatched.tsv": "" };
  both["mnli/test_mismatched.tsv"] = "idx\tsentence1\tsentence2\n4\tC\tD\n5\tE\tF\n";
  assertEquals(await load(mnli, both), [
    ["MNLI-m.tsv", [0, "A", "B"]],
    ["MNLI-mm.tsv", [4, "C", "D"], [5, "E", "F"]],
  ]);
});

Deno.test("predictions are handed in as names, numbers of classes, or scores within the scale", () => {
  const written = (task: Task, ...predictions: number[]) =>
    predictions.map((prediction) => task.tests!.write(prediction));
  for (const task of [rte, qnli]) assertEquals(written(task, 0, 1), ["entailment", "not_entailment"]);
  assertEquals(written(mnli, 0, 1, 2), ["entailment", "neutral", "contradiction"]);
  for (const task of [cola, sst2, mrpc, qqp, wnli]) assertEquals(written(task, 0, 1), ["0", "1"]);
  assertEquals(written(stsb, 2.71828, -0.3, 5.2), ["2.718", "0.000", "5.000"]);
});

/** A source with the fixture's files, under other names where `names` says so. */
const sourceOf = (names: { readonly [name: string]: string }): Source => ({
  name: "here",
  options: {},
  open: () =>
    Promise.resolve({
      origin: {},
      file: (name) => Promise.resolve(Object.hasOwn(names, name) ? FIXTURES + names[name] : undefined),
    }),
  check: () => Promise.resolve({ answers: true, detail: "" }),
});

Deno.test("test sets are read from the hub's Parquet, and one that is not there says so", async () => {
  const path = "rte/test-00000-of-00001.parquet";
  const [set] = await rte.tests!.load({ sources: [sourceOf({ [path]: path })] });
  assertEquals(set!.examples.map(flat), [[0, "No label", "is known here."]]);
  const missing = async (context: Parameters<typeof rte.load>[0]) =>
    (await assertRejects(() => rte.tests!.load(context), RequestError)).message;
  assertStringIncludes(await missing({ sources: [sourceOf({})] }), "it has no rte/test");
  assertStringIncludes(await missing({ folder: FIXTURES, sources: [] }), "rte/test.tsv, rte/test.tsv.gz, RTE/test.tsv");
});

Deno.test("a set in several shards is read in their order", async () => {
  const [train, dev] = ["rte/train-00000-of-00001.parquet", "rte/validation-00000-of-00001.parquet"];
  const data = await rte.load({
    sources: [
      sourceOf({ "rte/train-00000-of-00002.parquet": dev, "rte/train-00001-of-00002.parquet": train, [dev]: dev }),
    ],
  });
  assertEquals(data.train.map(({ index, texts: [first] }) => [index, first.slice(0, 8)]), [
    [0, "It rains"],
    [0, "A cat sa"],
    [1, 'Ein "Zit'],
    [7, "The same"],
  ]);
  assertEquals(Object.keys(data.origin.files).length, 3);
  const cut = sourceOf({ "rte/train-00000-of-00002.parquet": dev, [dev]: dev });
  assertStringIncludes(
    (await assertRejects(() => rte.load({ sources: [cut] }), RequestError)).message,
    "has no rte/train-00000-of-00001.parquet",
  );
});
