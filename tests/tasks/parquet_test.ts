import { type Example, RequestError, type Source, type Task } from "@opf/framework";
import { cola, mnli, rte, sst2, stsb, wnli } from "@opf/framework/tasks";
import { assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { readParquet } from "../../tasks/_parquet.ts";
import { inFolder } from "../_place.ts";

/** Index, texts, label. */
const flat = (examples: readonly Example[]) => examples.map(({ index, texts, label }) => [index, ...texts, label]);

const sha256 = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");

const FIXTURES = new URL("../fixtures/glue/", import.meta.url).pathname;

/** A source that has the dataset in a folder, each set in one file, some files perhaps in other places. */
const hub = (folder = FIXTURES, moved: { readonly [name: string]: string | undefined } = {}): Source => ({
  name: "hub",
  options: {},
  open: ({ kind, id }) => {
    assertEquals([kind, id], ["dataset", "nyu-mll/glue"]);
    return Promise.resolve({
      origin: { revision: "r1" },
      file: (name) => {
        if (!name.endsWith("-of-00001.parquet")) return Promise.resolve(undefined);
        return Promise.resolve(name in moved ? moved[name] : `${folder}${name}`);
      },
    });
  },
  check: () => Promise.resolve({ answers: true, detail: "" }),
});
const without: Source = { ...hub(), name: "elsewhere", open: () => Promise.resolve({ missing: "it has nothing" }) };

Deno.test("tasks are read from the dataset's Parquet files", async () => {
  const data = await rte.load({ sources: [without, hub()] });
  assertEquals(flat(data.train), [
    [0, "A cat sat.", "An animal sat.", 0],
    [1, 'Ein "Zitat",\tmit Tab\nund Umbruch – 漢字 😀', "", 1],
    [7, "The same.", "The same.", 0],
  ]);
  assertEquals(flat(data.dev), [[0, "It rains. ", "It is dry.", 1]]);
  const names = ["rte/train-00000-of-00001.parquet", "rte/validation-00000-of-00001.parquet"];
  assertEquals(data.origin, {
    repository: { revision: "r1" },
    files: Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, sha256(await Deno.readFile(`${FIXTURES}${name}`))])),
    ),
  });
  assertEquals(flat((await mnli.load({ sources: [hub()] })).dev), [[0, "A premise.", "A hypothesis.", 1]]);
  const { mismatched } = (await mnli.load({ sources: [hub()] })).additionalDev!;
  assertEquals(flat(mismatched!), [[0, "Another premise.", "Another hypothesis.", 0]]);
  const [five, half] = (await stsb.load({ sources: [hub()] })).train;
  assertAlmostEquals(five!.label!, 5);
  assertAlmostEquals(half!.label!, 0.5);
});

Deno.test("rows are read from several groups, pages and encodings", async () => {
  const columns = { columns: [["question"], ["sentence"], ["label"]], number: "idx" };
  const rows = await readParquet(`${FIXTURES}qnli/train-00000-of-00001.parquet`, columns);
  const expected = Array.from(
    { length: 5000 },
    (_, index) => [`Question ${index % 40}?`, "A sentence. ".repeat(index % 7), `${index % 2}`, index],
  );
  assertEquals(rows.map(({ fields, number }) => [...fields, number]), expected);
});

Deno.test("a Parquet file whose groups have other rows than it says is refused", () =>
  inFolder(async (folder) => {
    const whole = await Deno.readFile(`${FIXTURES}qnli/train-00000-of-00001.parquet`);
    const columns = { columns: [["question"]] };
    const rows = (count: number) => [0x16, ...varint(2 * count), 0x19]; // field 3 of the metadata, then a list
    const start = indexOf(whole, rows(5000));
    for (const count of [2 ** 40, 4999, 0]) {
      const added = rows(count).length - rows(5000).length;
      const bytes = [...whole.subarray(0, start), ...rows(count), ...whole.subarray(start + rows(5000).length)];
      const length = new DataView(whole.buffer).getUint32(whole.length - 8, true) + added;
      bytes.splice(-8, 4, length & 255, length >> 8 & 255, length >> 16, 0);
      await Deno.writeFile(`${folder}/a.parquet`, Uint8Array.from(bytes));
      const message = `a.parquet failed: expected ${count} rows in its groups, got 5000.`;
      await assertRejects(() => readParquet(`${folder}/a.parquet`, columns), RequestError, message);
    }
  }));

function varint(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...varint(Math.floor(value / 128))];
}

// The last place where these bytes stand.
function indexOf(bytes: Uint8Array, part: readonly number[]): number {
  for (let at = bytes.length - part.length; at >= 0; at--) {
    if (part.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  throw new Error("expected these bytes in the file");
}

Deno.test("a task says what each source said, and what is wrong with a Parquet file", async () => {
  const train = "rte/train-00000-of-00001.parquet";
  const message = async (task: Task, ...sources: Source[]) =>
    (await assertRejects(() => task.load({ sources }), RequestError)).message;
  const absent = await message(rte, without, hub(FIXTURES, { [train]: undefined }));
  assertStringIncludes(
    absent,
    "elsewhere: it has nothing; hub: its nyu-mll/glue has no rte/train-00000-of-00001.parquet",
  );
  assertStringIncludes(absent, "--data FOLDER");
  const moved = (name: string) => message(rte, hub(FIXTURES, { [train]: `${FIXTURES}${name}-00000-of-00001.parquet` }));
  assertStringIncludes(
    await moved("rte/test"),
    'row 1: expected one of 0 (entailment), 1 (not_entailment) as label, got "-1"',
  );
  assertStringIncludes(await moved("mnli/train"), 'a column "sentence1", got premise, hypothesis, label, idx');
  assertStringIncludes(await message(cola, hub()), "row 1: expected a string or a number as sentence, got null");
  assertStringIncludes(await moved("not/there"), "parquet failed: ");
  assertStringIncludes(
    await message(sst2, hub()),
    'column "label" of row group 1: expected no compression or SNAPPY, got ZSTD',
  );
  assertStringIncludes(await message(wnli, hub()), "expected a string or a number as sentence2, got a structure");
  await inFolder(async (folder) => {
    const whole = await Deno.readFile(`${FIXTURES}${train}`);
    const damaged = [whole.slice(0, -20), whole.slice(100), whole.slice(0, 3), new Uint8Array(), whole.fill(0, 4, 40)];
    for (const bytes of damaged) {
      await Deno.writeFile(`${folder}/broken.parquet`, bytes);
      assertStringIncludes(
        await message(rte, hub(FIXTURES, { [train]: `${folder}/broken.parquet` })),
        "broken.parquet",
      );
    }
  });
});
