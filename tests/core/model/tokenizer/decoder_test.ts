import { assertEquals } from "@std/assert";
import { loadTokenizer } from "../../../../core/model/pretrained_tokenizer.ts";

interface Case {
  readonly scheme: string;
  readonly tokenizer: unknown;
  readonly ids: number[][];
  readonly texts: string[];
}

const CASES: Case[] = JSON.parse(Deno.readTextFileSync(new URL("../../../fixtures/decoder.json", import.meta.url)));

async function load(tokenizer: unknown) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(tokenizer));
    const file = (name: string) => Promise.resolve(name === "tokenizer.json" ? `${folder}/tokenizer.json` : undefined);
    return await loadTokenizer({ origin: folder, file });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const { scheme, tokenizer, ids, texts } of CASES) {
  Deno.test(`decode() gives the Rust library's text, prefixed ${scheme}`, async () => {
    const { decode } = await load(tokenizer);
    assertEquals(ids.map((row) => decode!(row)), texts);
  });
}

Deno.test("a tokenizer whose decoder was not compared has no decode()", async () => {
  const [{ tokenizer }] = CASES as [Case];
  const { decode } = await load({ ...tokenizer as object, decoder: { type: "WordPiece", prefix: "##" } });
  assertEquals(decode, undefined);
});
