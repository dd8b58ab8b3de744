import { computeMetrics, type Example, exists, RequestError, type Task } from "@opf/framework";
import * as tasks from "@opf/framework/tasks";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { inFolder } from "../_place.ts";

type Files = { readonly [path: string]: string | Uint8Array };
const { cola, mnli, mrpc, qnli, qqp, rte, sst2, stsb, wnli } = tasks;

async function write(folder: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await Deno.mkdir(dirname(`${folder}/${name}`), { recursive: true });
    await (typeof content === "string"
      ? Deno.writeTextFile(`${folder}/${name}`, content)
      : Deno.writeFile(`${folder}/${name}`, content));
  }
}

/** Loads a task from a folder with these files. */
const load = (task: Task, files: Files) =>
  inFolder(async (folder) => {
    await write(folder, files);
    return await task.load({ folder, sources: [] });
  });

async function assertRefused(task: Task, files: Files, ...parts: string[]): Promise<void> {
  const { message } = await assertRejects(() => load(task, files), RequestError);
  for (const part of parts) assertStringIncludes(message, part);
}

/** Lines of fields as text. */
const tsv = (...lines: readonly (readonly (string | number)[])[]) =>
  lines.map((line) => line.join("\t") + "\n").join("");

/** Index, texts, label. */
const flat = (examples: readonly Example[]) => examples.map(({ index, texts, label }) => [index, ...texts, label]);

/** One row of the published files of each task, with its header, and how the same row stands in the common form. */
const PUBLISHED: readonly { task: Task; files: readonly [string, string]; lines: string; row: unknown[] }[] = [
  {
    task: rte,
    files: ["RTE/train.tsv", "RTE/dev.tsv"],
    lines: tsv(["index", "sentence1", "sentence2", "label"], [0, 'A "cat', "B", "not_entailment"]),
    row: [0, 'A "cat', "B", 1],
  },
  {
    task: mrpc,
    files: ["MRPC/train.tsv", "MRPC/dev.tsv"],
    lines: "\ufeff" + tsv(["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"], [1, 70, 71, "A", "B"]),
    row: [0, "A", "B", 1],
  },
  {
    task: cola,
    files: ["CoLA/train.tsv", "CoLA/dev.tsv"],
    lines: tsv(["gj04", 1, "", "They sang."]),
    row: [0, "They sang.", 1],
  },
  {
    task: stsb,
    files: ["STS-B/train.tsv", "STS-B/dev.tsv"],
    lines: tsv(
      ["index", "genre", "filename", "year", "old_index", "source1", "source2", "sentence1", "sentence2", "score"],
      [0, "g", "f", "2012", "1", "none", "none", "A", "B", "3.800"],
    ),
    row: [0, "A", "B", 3.8],
  },
  {
    task: sst2,
    files: ["SST-2/train.tsv", "SST-2/dev.tsv"],
    lines: tsv(["sentence", "label"], ["a charming journey ", 1]),
    row: [0, "a charming journey ", 1],
  },
  {
    task: qnli,
    files: ["QNLI/train.tsv", "QNLI/dev.tsv"],
    lines: tsv(["index", "question", "sentence", "label"], [0, "A?", "B.", "entailment"]),
    row: [0, "A?", "B.", 0],
  },
  {
    task: qqp,
    files: ["QQP/train.tsv", "QQP/dev.tsv"],
    lines: tsv(["id", "qid1", "qid2", "question1", "question2", "is_duplicate"], [5, 1, 2, "A?", "B?", 1]),
    row: [0, "A?", "B?", 1],
  },
  {
    task: mnli,
    files: ["MNLI/train.tsv", "MNLI/dev_matched.tsv"],
    lines: tsv(
      ["index", "promptID", "sentence1_binary_parse", "sentence1", "sentence2", "label1", "gold_label"],
      [0, "7", "( a )", "A", "B", "entailment", "contradiction"],
    ),
    row: [0, "A", "B", 2],
  },
  {
    task: wnli,
    files: ["WNLI/train.tsv", "WNLI/dev.tsv"],
    lines: tsv(["index", "sentence1", "sentence2", "label"], [0, "A", "B", 1]),
    row: [0, "A", "B", 1],
  },
];

// Classes and sizes of the Hugging Face dataset; metrics of tables as in the paper.
const NINE: (string | number | undefined)[][] = [
  ["cola", "matthews", "unacceptable acceptable", 8551, 1043],
  ["mnli", "accuracy", "entailment neutral contradiction", 392702, 9815],
  ["mrpc", "f1", "not_equivalent equivalent", 3668, 408],
  ["qnli", "accuracy", "entailment not_entailment", 104743, 5463],
  ["qqp", "accuracy", "not_duplicate duplicate", 363846, 40430],
  ["rte", "accuracy", "entailment not_entailment", 2490, 277],
  ["sst2", "accuracy", "negative positive", 67349, 872],
  ["stsb", "spearman", "", 5749, 1500],
  ["wnli", "accuracy", "not_entailment entailment", 635, 71],
];

Deno.test("tasks are GLUE's nine, with its classes, sizes and metrics", () => {
  const found = Object.values(tasks).filter((value): value is Task => "load" in value)
    .filter(({ name }) => !name.startsWith("practice-")).toSorted(byName);
  assertEquals(
    found.map(({ name, primary, head, rows }) => [name, primary, head.labels?.join(" ") ?? "", rows?.train, rows?.dev]),
    NINE,
  );
  for (const { name, head } of found) {
    assertEquals(
      [head.kind, head.outputs],
      name === "stsb" ? ["regression", 1] : ["classification", head.labels?.length],
    );
  }
  assertEquals(PUBLISHED.map(({ task }) => task).toSorted(byName), found);
});

const byName = (a: Task, b: Task) => a.name < b.name ? -1 : 1;

for (const { task, files: [train, dev], lines, row } of PUBLISHED) {
  Deno.test(`${task.name} is read from its published files`, async () => {
    const data = await load(task, { [train]: lines, [dev]: lines.replaceAll("\n", "\r\n") });
    assertEquals([flat(data.train), flat(data.dev)], [[row], [row]]);
    assertEquals(Object.keys(data.origin.files), [train, dev]);
    // And unpacked, where it lies packed.
    assertEquals(flat((await load(task, { [`${train}.gz`]: gzipSync(lines), [dev]: lines })).train), [row]);
  });

  Deno.test(`${task.name} is read from the common form`, async () => {
    const pair = row.length === 4;
    const header = ["idx", "sentence1", ...pair ? ["sentence2"] : [], "label"];
    const lines = tsv(header, [3, ...row.slice(1) as string[]]);
    const folder = task.name;
    const dev = task === mnli ? "dev_matched" : "dev";
    const data = await load(task, { [`${folder}/train.tsv`]: lines, [`${folder}/${dev}.tsv.gz`]: gzipSync(lines) });
    assertEquals([flat(data.train), flat(data.dev)], [[[3, ...row.slice(1)]], [[3, ...row.slice(1)]]]);
    assertEquals(data.origin.files, {
      [`${folder}/train.tsv`]: sha256(lines),
      [`${folder}/${dev}.tsv.gz`]: sha256(gzipSync(lines)),
    });
  });
}

Deno.test("mnli has the mismatched set beside the matched one, in both forms", async () => {
  const own = (text: string) => tsv(["idx", "sentence1", "sentence2", "label"], [0, text, "B", "neutral"]);
  const files = { "MNLI/train.tsv": own("A"), "MNLI/dev_matched.tsv": own("C"), "mnli/dev_mismatched.tsv": own("E") };
  const { dev, additionalDev, origin } = await load(mnli, files);
  assertEquals([flat(dev), flat(additionalDev!.mismatched!)], [[[0, "C", "B", 1]], [[0, "E", "B", 1]]]);
  assertEquals(Object.keys(origin.files), Object.keys(files));
});

const sha256 = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");

Deno.test("mrpc is parted by the ids of its development set where it comes as one file", async () => {
  const header = ["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"];
  const file = tsv(header, [1, 10, 11, "A", "B"], [0, 20, 21, "C", "D"], [1, 11, 10, "E", "F"]);
  const files = { "MRPC/msr_paraphrase_train.txt": file.replaceAll("\n", "\r\n"), "MRPC/dev_ids.tsv": "10\t11\n" };
  const data = await load(mrpc, files);
  assertEquals(flat(data.train), [[1, "C", "D", 0], [2, "E", "F", 1]]);
  assertEquals(flat(data.dev), [[0, "A", "B", 1]]);
  assertEquals(Object.keys(data.origin.files), ["MRPC/msr_paraphrase_train.txt", "MRPC/dev_ids.tsv"]);
  await assertRefused(mrpc, { "MRPC/msr_paraphrase_train.txt": file }, "no dev set", "MRPC/dev_ids.tsv");
});

Deno.test("qqp leaves out the rows of the published file that are cut in two", async () => {
  const { files: [train, dev], lines } = PUBLISHED.find(({ task }) => task === qqp)!;
  const data = await load(qqp, {
    [train]: lines + tsv([6, 1, 2, "A?"], ["B?", 1], [7, 1, 2, "C?", "D?", 0]),
    [dev]: lines,
  });
  assertEquals(flat(data.train), [[0, "A?", "B?", 1], [3, "C?", "D?", 0]]);
});

Deno.test("a task says what is wrong with its files, and where", async () => {
  const good = tsv(["idx", "sentence1", "sentence2", "label"], [0, "A", "B", 0]);
  const rteWith = (...row: (string | number)[]) => ({ "rte/train.tsv": good + tsv(row), "rte/dev.tsv": good });
  assertEquals((await load(rte, rteWith(1, "C", "D", "1"))).train.length, 2);
  for (const label of ["2", "-1", "", "yes", "0.5", " 1", "01", "00000000000000000001"]) {
    const place = "rte/train.tsv, line 3: expected one of 0 (entailment), 1 (not_entailment)";
    await assertRefused(rte, rteWith(1, "C", "D", label), place, `got "${label}"`);
  }
  await assertRefused(rte, rteWith(1, "C", "D"), "rte/train.tsv, line 3: expected 4 fields, got 3");
  await assertRefused(
    rte,
    { "rte/train.tsv": tsv(["idx", "sentence1", "sentence2"], [0, "A", "B"]), "rte/dev.tsv": good },
    'rte/train.tsv, line 1: expected a column "label", got idx, sentence1, sentence2',
  );
  await assertRefused(
    rte,
    { "rte/train.tsv": good, "rte/dev.tsv": "" },
    "rte/dev.tsv: expected rows, got an empty file",
  );
  const scores = (score: string) => tsv(["idx", "sentence1", "sentence2", "label"], [0, "A", "B", score]);
  for (const score of ["", "high", "NaN", "Infinity", "1,5", "1000", "-7", "5.1", "0x5", "0b11", " 3", "1e3"]) {
    const files = { "stsb/train.tsv": scores(score), "stsb/dev.tsv": scores("1.5") };
    await assertRefused(stsb, files, `stsb/train.tsv, line 2: expected a number from 0 to 5 as label, got "${score}"`);
  }
});

Deno.test("MRPC's list of development rows is refused if it names rows that the table lacks", async () => {
  const table = tsv(["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"], [1, 1, 2, "A", "B"], [0, 3, 4, "C", "D"]);
  const files = (ids: string) => ({ "MRPC/msr_paraphrase_train.txt": table, "MRPC/dev_ids.tsv": ids });
  assertEquals((await load(mrpc, files("3\t4\n"))).dev.length, 1);
  await assertRefused(mrpc, files("3\t4\n9\t9\n"), "dev_ids.tsv", "has the ids 9 and 9 (1 of 2 are missing)");
});

Deno.test("a task names the paths it looked for", async () => {
  const good = tsv(["idx", "sentence1", "sentence2", "label"], [0, "A", "B", 0]);
  await assertRefused(rte, {}, "no train set", "rte/train.tsv, rte/train.tsv.gz, RTE/train.tsv", "RTE/dev.tsv.gz");
  await assertRefused(rte, { "rte/train.tsv": good }, "no dev set", "rte/dev.tsv");
  await assertRefused(mnli, { "mnli/train.tsv": good, "mnli/dev.tsv": good }, "no dev set", "mnli/dev_matched.tsv");
  const { message } = await assertRejects(() => rte.load({ folder: "no/such/folder", sources: [] }), RequestError);
  assertStringIncludes(message, `there is no folder ${Deno.cwd()}/no/such/folder`);
});

Deno.test("a task has its own metrics", () => {
  const metrics = ({ metrics }: Task, predictions: number[], labels: number[]) =>
    computeMetrics(metrics, { predictions, labels });
  assertEquals(metrics(rte, [1, 0, 0, 1], [1, 0, 1, 1]), { accuracy: 0.75 });
  assertEquals(metrics(mnli, [2, 0], [2, 1]), { accuracy: 0.5 });
  assertEquals(metrics(mrpc, [1, 1, 0], [1, 0, 1]), { f1: 0.5, accuracy: 1 / 3 });
  assertEquals(metrics(qqp, [1, 1, 0], [1, 0, 1]), { f1: 0.5, accuracy: 1 / 3 });
  assertEquals(metrics(cola, [1, 1], [1, 0]), { matthews: 0, accuracy: 0.5 });
  assertEquals(metrics(stsb, [1, 1], [1, 5]), { spearman: NaN, pearson: NaN });
  assertAlmostEquals(metrics(stsb, [1, 2, 30], [1, 2, 3]).spearman!, 1);
});

const DATA = new URL("../../../shared/data/glue/", import.meta.url).pathname;
const ignore = !await exists(DATA);

Deno.test({
  name: `the data in shared/data/glue have the published rows and labels${ignore ? " (not here)" : ""}`,
  ignore,
  fn: async () => {
    interface Entry {
      readonly file: string;
      readonly task: string;
      readonly split: "train" | "dev" | "dev_matched";
      readonly rows: number;
      readonly labels: { readonly [label: string]: number };
    }
    const { files }: { files: readonly Entry[] } = JSON.parse(await Deno.readTextFile(`${DATA}manifest.json`));
    for (const task of [rte, mrpc, cola, stsb, sst2, wnli]) {
      const data = await task.load({ folder: DATA, sources: [] });
      for (const split of ["train", "dev"] as const) {
        const { rows, labels } = files.find((entry) => entry.task === task.name && entry.split === split)!;
        assertEquals([data[split].length, task.rows?.[split]], [rows, rows], `${task.name} ${split}`);
        const histogram: Record<string, number> = {};
        for (const { label } of data[split]) histogram[Math.floor(label!)] = (histogram[Math.floor(label!)] ?? 0) + 1;
        assertEquals(histogram, { ...labels }, `${task.name} ${split}`);
      }
      assert(data.dev.every(({ texts }) => texts.every((text) => text.length > 0)));
    }
    await assertRejects(() => qnli.load({ folder: DATA, sources: [] }), RequestError, "no train set");
  },
});
