import { type Example, RequestError, type Task, type Tokenizer } from "@opf/framework";
import {
  accuracy,
  cola,
  f1,
  glueWords,
  matthews,
  mnli,
  mrpc,
  stsb,
  textToText,
  type Words,
} from "@opf/framework/tasks";
import * as tasks from "@opf/framework/tasks";
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";

const withExamples = (task: Task, examples: readonly Example[]): Task => ({
  ...task,
  load: () => Promise.resolve({ train: examples, dev: examples, origin: { files: {} } }),
});

/** A tokenizer whose tokens are characters, 1 at the end. */
const tokenizer: Tokenizer = {
  padId: 0,
  vocabularySize: 256,
  tokenTypes: { single: 1, pair: 1 },
  encode: ([text]) => ({ ids: [...[...text].map((c) => c.charCodeAt(0)), 1], tokenTypeIds: [] }),
  decode: (ids) => String.fromCharCode(...ids.filter((id) => id > 1)),
};

async function converted(task: Task, examples: readonly Example[]): Promise<readonly Example[]> {
  const { dev } = await textToText(withExamples(task, examples), glueWords[task.name]!).load({ sources: [] });
  return dev;
}

Deno.test("textToText() writes examples by the template, and labels in words", async () => {
  assertEquals(await converted(mnli, [{ index: 3, texts: ["A dog.", "A {0} cat."], label: 2 }]), [{
    index: 3,
    texts: ["mnli hypothesis: A {0} cat. premise: A dog."],
    label: 2,
    target: "contradiction",
  }]);
  assertEquals((await converted(mrpc, [{ index: 0, texts: ["a", "b"] }]))[0], {
    index: 0,
    texts: ["mrpc sentence1: a sentence2: b"],
  });
});

Deno.test("textToText() refuses a template that leaves a text out, or has a place for one more", async () => {
  const load = (task: Task, template: string, texts: Example["texts"]) =>
    textToText(withExamples(task, [{ index: 4, texts, label: 1 }]), { ...glueWords[task.name]!, template })
      .load({ sources: [] });
  const refusal = async (...given: Parameters<typeof load>) =>
    (await assertRejects(() => load(...given), RequestError)).message;
  assertEquals(
    await refusal(mrpc, "mrpc: {0}", ["a", "b"]),
    'textToText(mrpc), example 4: expected a template with {1} for the second text, got "mrpc: {0}".',
  );
  assertStringIncludes(await refusal(cola, "cola: {0} {1}", ["a"]), "a template without {1}, since there is one text");
  assertEquals((await load(mrpc, "{1}, {0}, {1}", ["a", "{0}"])).dev[0]!.texts, ["{0}, a, {0}"]);
});

Deno.test("textToText() rounds numbers to the step, halves to even multiples", async () => {
  const labels = [0, 0.1, 0.3, 2.5, 3.799, 3.91, 5];
  const dev = await converted(stsb, labels.map((label, index) => ({ index, texts: ["a", "b"], label })));
  assertEquals(dev.map(({ target }) => target), ["0.0", "0.0", "0.4", "2.4", "3.8", "4.0", "5.0"]);
});

Deno.test("the answers of textToText() are read back, and a text that is no label is none", () => {
  const read = (task: Task, text: string) =>
    textToText(task, { ...glueWords[task.name]!, maxLength: 20 }).withTokenizer!(tokenizer).head.answers!.read!([
      ...tokenizer.encode([text], Infinity).ids,
      ...[0, 0],
    ]);
  assertEquals(read(mrpc, "equivalent"), { text: "equivalent", prediction: 1 });
  assertEquals(read(mrpc, "Equivalent"), { text: "Equivalent" });
  assertEquals(read(stsb, "3.7"), { text: "3.7", prediction: 3.7 });
  assertEquals(read(stsb, "3.7.1"), { text: "3.7.1" });
});

Deno.test("a text that is no label is wrong whatever the label is", () => {
  assertEquals(accuracy.compute([-1, 1], [0, 1]), 0.5);
  assertEquals(f1.compute([-1, 1], [0, 1]), 2 / 3);
  assertEquals(matthews.compute([-1, -1, 1, 0], [0, 1, 1, 0]), matthews.compute([1, 0, 1, 0], [0, 1, 1, 0]));
});

Deno.test("glueWords has words for the tasks of GLUE that T5 was trained on, as many as there are classes", () => {
  for (const [name, words] of Object.entries(glueWords)) {
    const task = Object.values(tasks).find((value): value is Task => "load" in value && value.name === name)!;
    textToText(task, words);
  }
});

Deno.test("textToText() ranks the tokens of its labels if asked to, and says in its options how it decodes", () => {
  const words = { ...glueWords.mrpc!, maxLength: 20 };
  const answersOf = (words: Words) => textToText(mrpc, words).withTokenizer!(tokenizer).head.answers!;
  assertEquals(answersOf(words).candidates, undefined);
  assertEquals(
    answersOf({ ...words, decode: "rank" }).candidates,
    words.labels!.map((label) => tokenizer.encode([label], Infinity).ids),
  );
  const decodeOf = (words: Words) => (textToText(mrpc, words).options as unknown as { words: Words }).words.decode;
  assertEquals([decodeOf(words), decodeOf({ ...words, decode: "rank" })], ["greedy", "rank"]);
});

Deno.test("a word may begin another, since each ends; without an end, or of equal tokens, two words are refused", () => {
  const words = { ...glueWords.mrpc!, labels: ["no", "not"] };
  const withEncode = (encode: Tokenizer["encode"]) => () =>
    textToText(mrpc, words).withTokenizer!({ ...tokenizer, encode });
  withEncode(tokenizer.encode)();
  const endless: Tokenizer["encode"] = ([text]) => ({
    ids: [...text].map((c) => c.charCodeAt(0)),
    tokenTypeIds: [],
  });
  assertStringIncludes(
    assertThrows(withEncode(endless), RequestError).message,
    '"no", whose tokens begin those of "not"',
  );
  const unknown: Tokenizer["encode"] = () => ({ ids: [2, 1], tokenTypeIds: [] });
  assertStringIncludes(
    assertThrows(withEncode(unknown), RequestError).message,
    '"no", whose tokens are those of "not"',
  );
});

Deno.test("textToText() refuses words that do not fit the task or the tokenizer", () => {
  const refused = (task: Task, words: Partial<Words>) =>
    assertThrows(
      () => textToText(task, { ...glueWords[task.name]!, ...words }).withTokenizer!(tokenizer),
      RequestError,
    ).message;
  assertStringIncludes(refused(mrpc, { labels: ["no"] }), "expected words for 2 labels, got 1");
  assertStringIncludes(refused(mrpc, { labels: ["yes", "yes "] }), 'got "yes" more than once');
  assertStringIncludes(refused(mrpc, { template: "mrpc" }), "expected a template with {0}");
  assertStringIncludes(refused(mrpc, {}), 'at most 8 tokens (maxLength), got 15 for "not_equivalent"');
  assertStringIncludes(refused(mrpc, { labels: [1, 2] as never }), "expected a list of texts as labels, got [1,2]");
  for (const place of ["{2}", "{10}", "{01}"]) {
    assertStringIncludes(refused(mrpc, { template: `{0} {1} ${place}` }), `and, for pairs, {1}, got ${place} in "{0}`);
  }
  for (const [maxLength, shown] of [[1, "1"], ["8", '"8"'], [2.5, "2.5"]] as const) {
    assertStringIncludes(refused(mrpc, { maxLength: maxLength as never }), `of at least 2 tokens, got ${shown}`);
  }
  assertThrows(
    () => textToText(textToText(cola, glueWords.cola!), glueWords.cola!),
    RequestError,
    "textToText(cola): expected a task whose labels are classes or numbers",
  );
  assertStringIncludes(refused(mrpc, { template: undefined as never }), "expected words with a template, got none");
  assertStringIncludes(
    refused(mrpc, { decoding: "rank" } as never),
    'expected only template, labels, step, maxLength, decode, got "decoding"',
  );
  assertThrows(
    () => textToText(mrpc, glueWords.nothing!),
    RequestError,
    "textToText(mrpc): expected words with a template",
  );
  assertStringIncludes(refused(stsb, { step: 0 }), "expected a step");
  assertStringIncludes(refused(stsb, { step: 0.25 }), "a multiple of 0.1, got 0.25");
  assertStringIncludes(refused(stsb, { labels: ["low", "high"] }), 'and no labels, got ["low","high"]');
  assertStringIncludes(refused(mrpc, { step: 0.2 }), "and no step, got a step of 0.2");
  assertStringIncludes(refused(stsb, { decode: "rank" }), 'decode: "rank" can choose among, got numbers');
  assertStringIncludes(refused(mrpc, { decode: "beam" as never }), 'expected a decode of greedy or rank, got "beam"');
  const { decode: _, ...mute } = tokenizer;
  assertThrows(() => textToText(mrpc, glueWords.mrpc!).withTokenizer!(mute), RequestError, "that can write text");
  // Every number that may be a target is read back, not the first and the last alone.
  const without3 = { ...tokenizer, decode: (ids: readonly number[]) => tokenizer.decode!(ids).replace("3", "?") };
  assertThrows(
    () => textToText(stsb, glueWords.stsb!).withTokenizer!(without3),
    RequestError,
    'reads "3.0" back as "?.0"',
  );
  const wrong = { ...tokenizer, decode: () => "?" };
  const words = { ...glueWords.mrpc!, maxLength: 20 };
  assertThrows(() => textToText(mrpc, words).withTokenizer!(wrong), RequestError, 'reads "not_equivalent" back as "?"');
});
