import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { Example, Tokenizer } from "@opf/framework";
import { FileStore } from "../../../core/io/file_store.ts";
import { encode, type EncodeOptions } from "../../../core/training/encoded_examples.ts";
import { inFolder } from "../../_place.ts";

const SAMPLE = 8; // examples that are compared with what was kept

/** A tokenizer of characters that counts its calls; `shift` stands for a change of its code. */
function countingTokenizer(shift = 0): Tokenizer & { calls: number } {
  return {
    calls: 0,
    padId: 0,
    vocabularySize: 70_000,
    tokenTypes: { single: 1, pair: 2 },
    encode(texts, maxLength) {
      this.calls++;
      const tokens = texts.flatMap((text, type) => Array.from(text, (char) => [char.codePointAt(0)! + shift, type]));
      const cut = tokens.slice(0, maxLength) as [number, number][];
      return { ids: cut.map(([id]) => id), tokenTypeIds: cut.map(([, type]) => type) };
    },
  };
}

const EXAMPLES = Array.from({ length: 200 }, (_, index): Example => ({
  index: 3 * index,
  label: index % 3,
  texts: index % 7 ? [`text ${index}`, "漢字".repeat(index % 5)] : [`\ud83d\ude00 ${index}`],
  ...(index % 2 && { target: `answer ${index}` }),
}));

/** What a process that starts with this store gets. */
async function start(
  folder: string,
  { examples = EXAMPLES, tokenizer = countingTokenizer(), notes = [] as string[], ...options }:
    & Partial<Pick<EncodeOptions, "maxLength">>
    & { examples?: readonly Example[]; tokenizer?: Tokenizer & { calls: number }; notes?: string[]; identity?: string },
) {
  const store = new FileStore(folder, { maxBytes: 1e9, note: (message) => notes.push(message) });
  const kept = { store, tokenizer: options.identity ?? "files and code" };
  const encoded = await encode([...examples], { tokenizer, maxLength: options.maxLength ?? 12, kept });
  return { plain: plain(encoded), calls: tokenizer.calls, notes };
}

const plain = (encoded: Awaited<ReturnType<typeof encode>>) =>
  encoded.map(({ index, label, ids, tokenTypeIds, targets }) => ({
    index,
    label,
    ids: [...ids],
    tokenTypeIds: [...tokenTypeIds],
    ...(targets && { targets: [...targets] }),
  }));

const expected = (examples: readonly Example[], { maxLength = 12, shift = 0 } = {}) => {
  const tokenizer = countingTokenizer(shift);
  return examples.map(({ index, label, texts, target }) => ({
    index,
    label: label!,
    ...tokenizer.encode(texts, maxLength),
    ...(target !== undefined && { targets: tokenizer.encode([target], Infinity).ids }),
  }));
};

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("encode() gives the tokenizer's tokens, and the next start reads them", async () => {
  await inFolder(async (folder) => {
    const first = await start(folder, {});
    assertEquals(first.plain, expected(EXAMPLES));
    const second = await start(folder, {});
    assertEquals(second.plain, first.plain);
    assert(first.calls >= EXAMPLES.length);
    assert(second.calls <= 2 * SAMPLE, `expected a sample to be tokenized, got ${second.calls} calls`);
  });
});

Deno.test("encode() tokenizes a set once in a process", async () => {
  const tokenizer = countingTokenizer();
  const encoded = await encode(EXAMPLES, { tokenizer, maxLength: 9 });
  const { calls } = tokenizer;
  assert(await encode(EXAMPLES, { tokenizer, maxLength: 9 }) === encoded);
  assertEquals(tokenizer.calls, calls);
  assertNotEquals(plain(await encode(EXAMPLES, { tokenizer, maxLength: 8 })), plain(encoded));
});

Deno.test("encode() keeps other texts, orders, targets, lengths and tokenizers apart", async () => {
  await inFolder(async (folder) => {
    const [a, b] = ["ab", "c"];
    const sets: Example[][] = [
      [{ index: 0, texts: [a!, b!] }],
      [{ index: 0, texts: ["a", "bc"] }],
      [{ index: 0, texts: [a!], target: b! }],
      [{ index: 0, texts: [a!] }, { index: 1, texts: [b!] }],
      [{ index: 0, texts: [b!] }, { index: 1, texts: [a!] }],
      [{ index: 0, texts: [`${a}","${b}`] }],
    ];
    for (const examples of sets) {
      assertEquals(
        (await start(folder, { examples })).plain.map(({ ids }) => ids),
        expected(examples).map(({ ids }) => ids),
      );
    }
    await start(folder, { examples: sets[0]!, maxLength: 2 });
    await start(folder, { examples: sets[0]!, identity: "others" });
    assertEquals(namesIn(folder).length, sets.length + 2);
    // Labels and indices are not among what is kept.
    const relabeled = [{ index: 9, texts: sets[0]![0]!.texts, label: 5 }];
    assertEquals((await start(folder, { examples: relabeled })).plain, expected(relabeled));
    assertEquals(namesIn(folder).length, sets.length + 2);
  });
});

Deno.test("encode() makes damaged tokens, and those of a tokenizer whose code has changed, again", async () => {
  await inFolder(async (folder) => {
    await start(folder, {});
    const path = `${folder}/${namesIn(folder)[0]}`;
    const whole = await Deno.readFile(path);
    for (const bytes of [whole.with(whole.length >> 1, whole[whole.length >> 1]! ^ 1), whole.subarray(0, 50)]) {
      await Deno.writeFile(path, bytes);
      assertEquals((await start(folder, {})).plain, expected(EXAMPLES));
      assertEquals(await Deno.readFile(path), whole);
    }
    const changed = await start(folder, { tokenizer: countingTokenizer(1) });
    assertEquals(changed.plain, expected(EXAMPLES, { shift: 1 }));
  });
});

Deno.test("encode() of processes that start at once: each has its tokens, and one file stays", async () => {
  await inFolder(async (folder) => {
    const module = (path: string) => new URL(`../../../core/${path}`, import.meta.url).href;
    const program = `
      import { FileStore } from "${module("io/file_store.ts")}";
      import { encode } from "${module("training/encoded_examples.ts")}";
      const tokenizer = { encode: ([text]) => ({ ids: [...text].map(Number), tokenTypeIds: [...text].map(() => 0) }) };
      const store = new FileStore(${JSON.stringify(folder)}, { maxBytes: 1e9, note: console.error });
      const examples = Array.from({ length: 20000 }, (_, index) => ({ index, label: 0, texts: [String(index)] }));
      const encoded = await encode(examples, { tokenizer, maxLength: 9, kept: { store, tokenizer: "digits" } });
      console.log(encoded.every(({ ids }, index) => [...ids].join("") === String(index)));
    `;
    const outputs = await Promise.all([1, 2].map(async () => {
      const command = new Deno.Command(Deno.execPath(), {
        args: ["eval", "--no-check", "--ext=ts", program],
        cwd: new URL("../../..", import.meta.url),
      });
      const { stdout, stderr } = await command.output();
      return [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
    }));
    assertEquals(outputs, ["true\n", "true\n"]);
    assertEquals(namesIn(folder).length, 1);
  });
});

Deno.test("encode() goes on where nothing can be kept, and says so once", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const notes: string[] = [];
    const store = new FileStore(`${folder}/file/store`, { maxBytes: 1e9, note: (message) => notes.push(message) });
    const kept = { store, tokenizer: "" };
    for (const maxLength of [12, 5]) {
      const encoded = await encode(EXAMPLES, { tokenizer: countingTokenizer(), maxLength, kept });
      assertEquals(plain(encoded), expected(EXAMPLES, { maxLength }));
    }
    assertEquals(notes.length, 1);
  });
});

Deno.test("encode() ends where it is interrupted, and can be tried again", async () => {
  const tokenizer = countingTokenizer();
  const throwIfInterrupted = () => Promise.reject(new Error("stop"));
  await assertRejects(() => encode(EXAMPLES, { tokenizer, maxLength: 3, throwIfInterrupted }), Error, "stop");
  assertEquals(plain(await encode(EXAMPLES, { tokenizer, maxLength: 3 })), expected(EXAMPLES, { maxLength: 3 }));
});
