import { exists, loadTokenizer, type Repository, RequestError } from "@opf/framework";
import { bert } from "@opf/framework/plugins";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { inFolder } from "../../_place.ts";
import { TOKENIZER, VOCABULARY } from "../../_tiny.ts";

const FIXTURES = new URL("../../fixtures/", import.meta.url).pathname;
const FILES = ["tokenizer.json", "tokenizer_config.json", "vocab.txt"] as const;
const { tokenizer: tokenizerClass } = bert({ source: "of the files" });

async function fileIn(folder: string, name: string): Promise<string | undefined> {
  return await exists(`${folder}/${name}`) ? `${folder}/${name}` : undefined;
}

/** A repository of the given tokenizer files: text as it is, other values as JSON. */
async function repositoryOf(
  folder: string,
  files: Partial<Record<typeof FILES[number], unknown>>,
): Promise<Repository> {
  for (const [name, value] of Object.entries(files)) {
    await Deno.writeTextFile(`${folder}/${name}`, typeof value === "string" ? value : JSON.stringify(value));
  }
  return {
    origin: { source: "test" },
    file: (name) => Promise.resolve(Object.hasOwn(files, name) ? `${folder}/${name}` : undefined),
  };
}

const load = (files: Partial<Record<typeof FILES[number], unknown>>) =>
  inFolder(async (folder) => loadTokenizer(await repositoryOf(folder, files), { tokenizerClass }));

interface Fixture {
  readonly padId: number;
  readonly size: number;
  readonly lines: readonly {
    texts: [string] | [string, string];
    maxLength: number;
    ids: number[];
    tokenTypeIds: number[];
  }[];
}

const fixture: Fixture = JSON.parse(await Deno.readTextFile(`${FIXTURES}tokenizer.json`));

Deno.test("loadTokenizer() gives the ids and segments of Transformers on 200 texts and pairs", async () => {
  const tokenizer = await loadTokenizer({
    origin: {},
    file: (name) => fileIn(`${FIXTURES}minilm`, name),
  }, { tokenizerClass });
  assertEquals(fixture.lines.length, 200);
  for (const { texts, maxLength, ids, tokenTypeIds } of fixture.lines) {
    const found = tokenizer.encode(texts, maxLength);
    assertEquals(found, { ids, tokenTypeIds }, `${JSON.stringify(texts)} at ${maxLength}`);
  }
  assertEquals([tokenizer.padId, tokenizer.vocabularySize], [fixture.padId, fixture.size]);
});

interface OfVocabulary extends Fixture {
  readonly config: Record<string, unknown>;
}

Deno.test("loadTokenizer() gives the ids and segments of Transformers from a bare vocab.txt", async () => {
  const { model } = JSON.parse(await Deno.readTextFile(`${FIXTURES}minilm/tokenizer.json`));
  const vocabulary = Object.keys(model.vocab).sort((a, b) => model.vocab[a] - model.vocab[b]).join("\n");
  const fixtures: OfVocabulary[] = JSON.parse(await Deno.readTextFile(`${FIXTURES}vocabulary.json`));
  assertEquals(fixtures.length, 4);
  for (const { config, padId, size, lines } of fixtures) {
    const plain = Object.keys(config).length === 0;
    const tokenizer = await load({
      "vocab.txt": vocabulary + "\n",
      ...(!plain && { "tokenizer_config.json": config }),
    });
    assertEquals([tokenizer.padId, tokenizer.vocabularySize], [padId, size]);
    assert(lines.length > 80);
    for (const { texts, maxLength, ids, tokenTypeIds } of lines) {
      const found = tokenizer.encode(texts, maxLength);
      assertEquals(found, { ids, tokenTypeIds }, `${JSON.stringify(config)}: ${JSON.stringify(texts)} at ${maxLength}`);
    }
  }
});

Deno.test("loadTokenizer() reads a vocab.txt with other line endings, and refuses one of another kind of model", async () => {
  const vocabulary = VOCABULARY.join("\r\n");
  const tokenizer = await load({ "vocab.txt": vocabulary });
  assertEquals(words(tokenizer.encode(["the films"], 8).ids), ["[CLS]", "the", "film", "##s", "[SEP]"]);
  const error = await assertRejects(() => load({ "vocab.txt": "the\nfilm\n[UNK]" }), RequestError);
  assertStringIncludes(error.message, 'vocab.txt: its vocabulary has no "[SEP]"');
  const both = await load({ "vocab.txt": "not looked at", "tokenizer.json": TOKENIZER });
  assertEquals(both.vocabularySize, VOCABULARY.length);
});

Deno.test("loadTokenizer() overrides the length and the padding that tokenizer.json sets", async () => {
  const tokenizer = await load({
    "tokenizer.json": {
      ...TOKENIZER,
      truncation: { max_length: 4, strategy: "LongestFirst", stride: 0, direction: "Right" },
      padding: { strategy: { Fixed: 30 }, direction: "Right", pad_id: 0, pad_type_id: 0, pad_token: "[PAD]" },
    },
  });
  assertEquals(words(tokenizer.encode(["the film is good"], 32).ids), ["[CLS]", "the", "film", "is", "good", "[SEP]"]);
});

Deno.test("loadTokenizer() reads case, accents and padding from tokenizer_config.json first", async () => {
  const encode = async (config: unknown) => {
    const tokenizer = await load({ "tokenizer.json": TOKENIZER, "tokenizer_config.json": config });
    return [...words(tokenizer.encode(["Thé film"], 8).ids), VOCABULARY[tokenizer.padId]!];
  };
  assertEquals(await encode({}), ["[CLS]", "the", "film", "[SEP]", "[PAD]"]);
  assertEquals(await encode({ do_lower_case: false }), ["[CLS]", "[UNK]", "film", "[SEP]", "[PAD]"]);
  assertEquals(await encode({ strip_accents: false }), ["[CLS]", "[UNK]", "film", "[SEP]", "[PAD]"]);
  assertEquals(await encode({ pad_token: { content: "[MASK]" } }), ["[CLS]", "the", "film", "[SEP]", "[MASK]"]);
});

Deno.test("a tokenizer refuses a length without room for its special tokens", async () => {
  const tokenizer = await load({ "tokenizer.json": TOKENIZER });
  assertEquals(tokenizer.encode(["good", "bad"], 3).ids.length, 3);
  const error = assertThrows(() => tokenizer.encode(["good", "bad"], 2), RequestError);
  assertStringIncludes(error.message, "3 special tokens");
  assertThrows(() => tokenizer.encode(["good"], NaN), RequestError);
});

Deno.test("loadTokenizer() names the missing or broken file", async () => {
  const message = async (files: Partial<Record<typeof FILES[number], unknown>>) =>
    (await assertRejects(() => load(files), RequestError)).message;
  assertStringIncludes(await message({}), "no tokenizer.json");
  const broken = [
    "",
    '{"model":',
    "[]",
    "null",
    {},
    { model: {} },
    { ...TOKENIZER, model: { type: "Unheard", vocab: {} } },
    { ...TOKENIZER, normalizer: { type: "Unheard" } },
    { ...TOKENIZER, model: { ...TOKENIZER.model, vocab: {} }, added_tokens: [] },
    { ...TOKENIZER, added_tokens: 7 },
  ];
  for (const json of broken) assertStringIncludes(await message({ "tokenizer.json": json }), "/tokenizer.json: ");
  assertStringIncludes(
    await message({ "tokenizer.json": TOKENIZER, "tokenizer_config.json": "{" }),
    "/tokenizer_config.json: ",
  );
});

Deno.test("a vocabulary with gaps counts up to its largest id", async () => {
  const vocab = { ...TOKENIZER.model.vocab, last: 99 };
  const tokenizer = await load({ "tokenizer.json": { ...TOKENIZER, model: { ...TOKENIZER.model, vocab } } });
  assertEquals(tokenizer.vocabularySize, 100);
  assert(tokenizer.encode(["last"], 8).ids.includes(99));
});

const words = (ids: readonly number[]) => ids.map((id) => VOCABULARY[id]!);
