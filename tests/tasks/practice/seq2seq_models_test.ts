// Together: tasks/practice/_t5.ts, tasks/practice/_bart.ts, tasks/practice/_words.ts and
// core/model/pretrained_tokenizer.ts.
import { bart, folder, t5 } from "@opf/framework/plugins";
import * as tasks from "@opf/framework/tasks";
import { practiceBartFiles, practiceT5Files, practiceWords, textToText } from "@opf/framework/tasks";
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { readConfig } from "../../../core/model/pretrained.ts";
import { loadTokenizer } from "../../../core/model/pretrained_tokenizer.ts";
import { checkTokenizerFit } from "../../../core/model/tokenizer_fit.ts";
import type { Repository } from "../../../core/source.ts";

const PRACTICE = [
  tasks.practiceAcceptability,
  tasks.practiceSentiment,
  tasks.practiceSimilarity,
  tasks.practiceEntailment,
];

async function open(name: "t5" | "bart") {
  const place = fileURLToPath(new URL(`../../../experiments/practice/${name}`, import.meta.url));
  const repository = await folder().open({ kind: "model", id: place }) as Repository;
  const model = (name === "t5" ? t5 : bart)({ source: place });
  return { place, repository, model, tokenizer: await loadTokenizer(repository, { tokenizerClass: model.tokenizer }) };
}

Deno.test("the practice T5 and BART have the grammar's own files, and no weights", async () => {
  for (const [name, files] of [["t5", practiceT5Files()], ["bart", practiceBartFiles()]] as const) {
    const { place } = await open(name);
    const there = [...Deno.readDirSync(place)].map(({ name }) => name).toSorted();
    assertEquals(there, Object.keys(files).toSorted());
    for (const [file, content] of Object.entries(files)) {
      assertEquals(await Deno.readTextFile(`${place}/${file}`), content, `${name}/${file}`);
    }
  }
});

Deno.test("the practice BART has a token for each word of the practice tasks", async () => {
  const { repository, model, tokenizer } = await open("bart");
  const architecture = model.architecture(await readConfig(repository), { kind: "classification", outputs: 2 });
  checkTokenizerFit(tokenizer, { architecture, model: "practice-bart", hasPairs: true });
  for (const task of PRACTICE) {
    for (const { texts } of (await task.load({ sources: [] })).dev) {
      const words = texts.flatMap((text) => text.split(" "));
      const { ids } = tokenizer.encode(texts, 100);
      assertEquals(ids.length, words.length + 2 * texts.length, texts.join());
      assert(ids.length <= architecture.maxLength);
    }
  }
});

Deno.test("the practice T5 has a token for each word of the practice tasks, and can write their answers", async () => {
  const { repository, model, tokenizer } = await open("t5");
  for (const plain of PRACTICE) {
    const task = textToText(plain, practiceWords[plain.name]!).withTokenizer!(tokenizer);
    const architecture = model.architecture(await readConfig(repository), task.head);
    checkTokenizerFit(tokenizer, { architecture, model: "practice-t5", hasPairs: false });
    for (const { texts: [text], target } of (await task.load({ sources: [] })).dev) {
      const { ids } = tokenizer.encode([text], 100);
      // The colon of the template and the end are tokens too.
      assertEquals(ids.length, text.split(" ").length + (text.match(/:/g)?.length ?? 0) + 1, text);
      assert(ids.length <= architecture.maxLength, text);
      assert(!ids.includes(2), `unknown: ${text}`);
      assertEquals(task.head.answers!.read!(tokenizer.encode([target!], 100).ids).text, target);
    }
  }
});
