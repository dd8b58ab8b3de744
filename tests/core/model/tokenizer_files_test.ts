// Together: core/model/pretrained_tokenizer.ts and the tokenizer classes of plugins/models, against Transformers
// (tests/peers/tokenizer_files_fixture.py).
import { loadTokenizer, type Repository, RequestError, type TokenizerClass } from "@opf/framework";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { tokenizerFiles } from "../../../core/model/pretrained_tokenizer.ts";
import { bartTokenizer } from "../../../plugins/models/_bart/tokenizer.ts";
import { bertTokenizer } from "../../../plugins/models/_bert/tokenizer.ts";
import { mpnetTokenizer } from "../../../plugins/models/_mpnet/tokenizer.ts";
import { t5Tokenizer } from "../../../plugins/models/_t5/tokenizer.ts";
import { inFolder } from "../../_place.ts";

const CLASSES = { bert: bertTokenizer, bart: bartTokenizer, mpnet: mpnetTokenizer, t5: t5Tokenizer };
type Files = Record<string, unknown>;

interface Case {
  readonly name: string;
  readonly model: keyof typeof CLASSES;
  readonly files: Files;
  readonly padId: number;
  readonly size: number;
  readonly lines: readonly {
    texts: [string] | [string, string];
    maxLength: number;
    ids: number[];
    tokenTypeIds: number[];
  }[];
}

const FIXTURES = new URL("../../fixtures/", import.meta.url);
const grid = JSON.parse(await Deno.readTextFile(new URL("tokenizer_grid.json", FIXTURES)));
const text = await Deno.readTextFile(new URL("tokenizer_files.json", FIXTURES));
const cases: Case[] = JSON.parse(text.replaceAll("@charsmap", () => grid.tables.charsmap.precompiled_charsmap));

async function repositoryOf(folder: string, files: Files): Promise<Repository> {
  for (const [name, value] of Object.entries(files)) {
    await Deno.writeTextFile(`${folder}/${name}`, typeof value === "string" ? value : JSON.stringify(value));
  }
  return {
    origin: { folder },
    file: (name) => Promise.resolve(Object.hasOwn(files, name) ? `${folder}/${name}` : undefined),
  };
}

const load = (files: Files, tokenizerClass?: TokenizerClass) =>
  inFolder(async (folder) => loadTokenizer(await repositoryOf(folder, files), { tokenizerClass }));

const refusal = async (files: Files, tokenizerClass: TokenizerClass = bertTokenizer) =>
  (await assertRejects(() => load(files, tokenizerClass), RequestError)).message;

for (const { name, model, files, padId, size, lines } of cases) {
  Deno.test(`${model}, ${name}: Transformers' ids`, async () => {
    const tokenizer = await load(files, CLASSES[model]);
    assertEquals([tokenizer.padId, tokenizer.vocabularySize], [padId, size]);
    for (const { texts, maxLength, ids, tokenTypeIds } of lines) {
      const encoding = tokenizer.encode(texts, maxLength);
      assertEquals(encoding, { ids, tokenTypeIds }, `${JSON.stringify(texts)} at ${maxLength}`);
    }
  });
}

const caseNamed = (name: string): Case => cases.find((one) => one.name === name)!;

Deno.test("tokenizerFiles() names every file that affects ids", () =>
  inFolder(async (folder) => {
    const { files } = caseNamed("added_tokens_decoder makes the older files void");
    const found = await tokenizerFiles(await repositoryOf(folder, files), { tokenizerClass: bertTokenizer });
    assertEquals(found, ["vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]);
  }));

Deno.test("loadTokenizer() refuses an unknown class, and settings of a class that change ids", async () => {
  const { files } = caseNamed("vocab.txt");
  const withConfig = (config: Files) => refusal({ ...files, "tokenizer_config.json": config });
  assertStringIncludes(
    await withConfig({ tokenizer_class: "BertJapaneseTokenizer", word_tokenizer_type: "mecab" }),
    '/tokenizer_config.json: "tokenizer_class": expected PreTrainedTokenizerFast or TokenizersBackend or BertTokenizer',
  );
  assertStringIncludes(await withConfig({ padding_side: "left" }), '"padding_side": expected "right"');
  assertStringIncludes(await withConfig({ split_special_tokens: true }), '"split_special_tokens": expected false');
  assertStringIncludes(
    await withConfig({ truncation_side: "middle" }),
    '"truncation_side": expected "left" or "right"',
  );
  assertStringIncludes(await withConfig({ cls_token: 7 }), '"cls_token": ');
  assertStringIncludes(await withConfig({ added_tokens_decoder: { x: { content: "a" } } }), '"added_tokens_decoder.x"');
});

Deno.test("loadTokenizer() refuses files that contradict each other", async () => {
  const { files, size } = caseNamed("vocab.txt");
  const added = (tokens: unknown) => refusal({ ...files, "added_tokens.json": tokens });
  assertStringIncludes(
    await added({ "<e>": size + 7 }),
    `expected the id ${size} for the added token "<e>", got ${size + 7}`,
  );
  assertStringIncludes(await added({ "the": 99 }), 'for the added token "the", got 99');
  assertStringIncludes(await added({ "<e>": 5.5 }), '/added_tokens.json: "<e>": expected');
  assertStringIncludes(await added(["<e>"]), "/added_tokens.json: expected a JSON object, got a list of 1");
});

Deno.test("loadTokenizer() refuses a token, a key or a merge that a file has twice", async () => {
  const vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "a"];
  const vocabTxt = (...lines: string[]) => ({ "vocab.txt": [...vocabulary, ...lines].join("\n") + "\n" });
  assertStringIncludes(
    await refusal(vocabTxt("b", "the")),
    '/vocab.txt: expected every token once, got "the" on lines 5 and 8.',
  );
  assertStringIncludes(await refusal(vocabTxt("a \r")), 'got "a" on lines 6 and 7');
  // Blank lines stand for rows that no text uses, also those that are blank to Unicode alone.
  const tokenizer = await load(vocabTxt("", "\u00a0", "\u0085", "", "b", "\ufeff"), bertTokenizer);
  assertEquals([tokenizer.encode(["the b"], 8).ids, tokenizer.vocabularySize], [[2, 4, 10, 3], 12]);
  const json = JSON.stringify(caseNamed("tokenizer.json").files["tokenizer.json"]);
  const twice = (text: string) => text.replace(/"vocab":\{/, '"vocab":{"the":3,"the":4,');
  assertStringIncludes(
    await refusal({ "tokenizer.json": twice(json) }),
    '/tokenizer.json: expected every key once, got "the" twice.',
  );
  const config = '{"do_lower_case": true, "do_lower_case": false}';
  assertStringIncludes(
    await refusal({ ...vocabTxt(), "tokenizer_config.json": config }),
    '/tokenizer_config.json: expected every key once, got "do_lower_case" twice.',
  );
  const bart = caseNamed("vocab.json and merges.txt").files;
  const merges = bart["merges.txt"] as string;
  assertStringIncludes(
    await refusal({ ...bart, "merges.txt": merges + merges }, bartTokenizer),
    '/merges.txt: "model.merges": expected every merge once',
  );
  const vocab = JSON.stringify(bart["vocab.json"]).replace("{", '{"<s>":0,');
  assertStringIncludes(
    await refusal({ ...bart, "vocab.json": vocab }, bartTokenizer),
    'every key once, got "<s>" twice',
  );
});

Deno.test("loadTokenizer() refuses an added token whose id would be that of another one", async () => {
  const json = caseNamed("tokenizer.json").files["tokenizer.json"] as { model: { vocab: Record<string, number> } };
  const size = Object.keys(json.model.vocab).length;
  const vocab = { ...json.model.vocab, "far": size + 1 };
  const files = { "tokenizer.json": { ...json, model: { ...json.model, vocab } } };
  assertStringIncludes(
    await refusal({ ...files, "tokenizer_config.json": { additional_special_tokens: ["<new>"] } }),
    `expected an unused id for the added token "<new>", got ${size + 1}, which is "far"`,
  );
});

Deno.test("loadTokenizer() refuses invalid ids, and names the field", async () => {
  const json = caseNamed("tokenizer.json").files["tokenizer.json"] as { model: Files; added_tokens: Files[] };
  const withModel = (change: Files) => refusal({ "tokenizer.json": { ...json, model: { ...json.model, ...change } } });
  for (const id of [5.5, -1, "7", null, 1e9, 2 ** 53, {}]) {
    const vocab = { ...json.model.vocab as Files, odd: id };
    assertStringIncludes(
      await withModel({ vocab }),
      '/tokenizer.json: "model.vocab.odd": expected an id from 0 to 16777215',
    );
  }
  assertStringIncludes(
    await withModel({ vocab: { ...json.model.vocab as Files, odd: 0 } }),
    "expected one token an id",
  );
  assertStringIncludes(await withModel({ vocab: 7 }), '"model.vocab": expected an object, got 7');
  assertStringIncludes(
    await withModel({ unk_token: "<none>" }),
    '"model.unk_token": expected a token of the vocabulary',
  );
  assertStringIncludes(await withModel({ unk_token: null }), '"model.unk_token": expected string, got null');
  assertStringIncludes(await withModel({ max_input_chars_per_word: 0 }), '"model.max_input_chars_per_word": expected');
  for (const added_tokens of [7, [null], [{ id: -1, content: "x" }], [{ id: 3 }]]) {
    assertStringIncludes(
      await refusal({ "tokenizer.json": { ...json, added_tokens } }),
      '/tokenizer.json: "added_tokens',
    );
  }
  const deep = `${'{"model":'.repeat(20_000)}1${"}".repeat(20_000)}`;
  assertStringIncludes(
    await refusal({ "tokenizer.json": deep }),
    "/tokenizer.json: expected at most 100 nested levels",
  );
});

Deno.test("loadTokenizer() refuses merges and special tokens missing from the vocabulary", async () => {
  const bart = caseNamed("vocab.json and merges.txt").files;
  assertStringIncludes(
    await refusal({ ...bart, "merges.txt": "#version: 0.2\nzq zq" }, bartTokenizer),
    '/merges.txt: "model.merges.0": expected two tokens of the vocabulary that make a third, got "zq zq"',
  );
  assertStringIncludes(
    await refusal({ ...bart, "special_tokens_map.json": { sep_token: "<none>" } }, bartTokenizer),
    '/merges.txt: its vocabulary has no "<none>".',
  );
  assertStringIncludes(
    await refusal({ ...bart, "vocab.json": ["<s>", "</s>"] }, bartTokenizer),
    "/merges.txt: expected an object of ids by token.",
  );
});

Deno.test("loadTokenizer() refuses a Metaspace that contradicts itself, as the Rust library does", async () => {
  const json = caseNamed("T5's tokenizer.json").files["tokenizer.json"] as Files;
  for (const scheme of [{}, { prepend_scheme: "always" }]) {
    const pre_tokenizer = { type: "Metaspace", replacement: "▁", add_prefix_space: false, ...scheme };
    assertStringIncludes(
      await refusal({ "tokenizer.json": { ...json, pre_tokenizer } }, t5Tokenizer),
      '"pre_tokenizer.prepend_scheme": expected "never" beside "add_prefix_space": false, got ',
    );
  }
});

Deno.test("loadTokenizer() says how to convert files that it does not read", async () => {
  for (const [name, title] of [["spiece.model", "the SentencePiece model spiece.model"], ["vocab.txt", "vocab.txt"]]) {
    const message = await refusal({ [name!]: "", "tokenizer_config.json": {} }, t5Tokenizer);
    assertStringIncludes(message, `is only ${title}: write`);
    assertStringIncludes(message, "save_pretrained(folder)");
    assertEquals(message.split(". ").length, 1);
  }
});
