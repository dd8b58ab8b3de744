// Together: tasks/practice/ and core/model/pretrained_tokenizer.ts.
import { bert, folder } from "@opf/framework/plugins";
import * as tasks from "@opf/framework/tasks";
import { practiceModelFiles, practicePassage } from "@opf/framework/tasks";
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { checkPretrained, readConfig } from "../../../core/model/pretrained.ts";
import { openWeights } from "../../../core/model/weights_file.ts";
import type { Repository } from "../../../core/source.ts";
import { loadTokenizer } from "../../../core/model/pretrained_tokenizer.ts";

const PLACE = fileURLToPath(new URL("../../../experiments/practice/model", import.meta.url));
const repository = await folder().open({ kind: "model", id: PLACE }) as Repository;
const PRACTICE = [
  tasks.practiceAcceptability,
  tasks.practiceSentiment,
  tasks.practiceSimilarity,
  tasks.practiceEntailment,
];

Deno.test("the practice model is at most 2 MB, whole, and has the grammar's own files", async () => {
  let bytes = 0;
  for await (const { name } of Deno.readDir(PLACE)) bytes += (await Deno.stat(`${PLACE}/${name}`)).size;
  assert(bytes <= 2e6, `${bytes}`);
  for (const [name, content] of Object.entries(practiceModelFiles())) {
    assertEquals(await Deno.readTextFile(`${PLACE}/${name}`), content, name);
  }
  const architecture = bert({ source: PLACE }).architecture(await readConfig(repository), {
    kind: "classification",
    outputs: 2,
  });
  const weights = await openWeights(repository);
  const { missing, unexpected } = checkPretrained(await weights.read(), { architecture });
  assertEquals([missing, unexpected], [["classifier.weight", "classifier.bias"], []]);
});

Deno.test("its tokenizer knows every word of the tasks and of its own text, and their lines are short", async () => {
  const tokenizer = await loadTokenizer(repository, { tokenizerClass: bert({ source: PLACE }).tokenizer });
  const vocabulary = (await Deno.readTextFile(`${PLACE}/vocab.txt`)).trimEnd().split("\n");
  const texts = Array.from({ length: 500 }, (_, index) => practicePassage(1, index));
  for (const task of PRACTICE) texts.push(...(await task.load({ sources: [] })).train.map(({ texts }) => texts));
  for (const text of texts) {
    const { ids } = tokenizer.encode(text, 128);
    assert(!ids.includes(vocabulary.indexOf("[UNK]")), text.join());
    // One token per word: no word is split into pieces.
    assertEquals(ids.length, text.flatMap((one) => one.split(" ")).length + 1 + text.length, text.join());
    assert(ids.length <= (text.length === 1 ? 16 : 24), text.join());
  }
});

Deno.test("practice data are the same each time, no line of dev is one of train, and their digests are in their origin", async () => {
  for (const task of PRACTICE) {
    const [first, second] = [await task.load({ sources: [] }), await task.load({ sources: [] })];
    assertEquals(first, second);
    const known = new Set(first.train.map(({ texts }) => texts.join("\t")));
    assertEquals(first.dev.filter(({ texts }) => known.has(texts.join("\t"))), []);
    const files = Object.values(first.origin.files);
    assertEquals(files.length, 2);
    assert(files.every((digest) => /^[0-9a-f]{64}$/.test(digest)));
    assertEquals([first.train.length, first.dev.length], [task.rows!.train, task.rows!.dev]);
  }
  const origins = await Promise.all(
    PRACTICE.map(async (task) => (await task.load({ sources: [] })).origin.files.train),
  );
  assertEquals(new Set(origins).size, PRACTICE.length);
});

Deno.test("a passage is fixed by its seed and its number", () => {
  const some = (seed: number) => Array.from({ length: 50 }, (_, index) => practicePassage(seed, index).join(" "));
  assertEquals(some(1), some(1));
  assertEquals(some(1).filter((text) => some(2).includes(text)), []);
});
