// Together: core/model/pretrained_tokenizer.ts and core/model/tokenizer/, against the Rust library
// (tests/peers/tokenizer_grid_fixture.py).
import { loadTokenizer, type Repository, RequestError } from "@opf/framework";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { inFolder } from "../../_place.ts";

type Row = number[] | [ids: number[], typeIds: number[]];
type Component = { readonly type: string; readonly [key: string]: unknown };

interface Case {
  readonly group: string;
  readonly name: string;
  readonly change: { readonly [key: string]: unknown };
  readonly maxLength?: number;
  readonly side?: "left" | "right";
  readonly pairs?: true;
  /** The index of a row, for each text or pair. */
  readonly rows: readonly number[];
}

interface Grid {
  readonly lines: readonly string[];
  readonly pairs: readonly [string, string][];
  readonly tokens: readonly string[];
  readonly base: { readonly model: object };
  readonly tables: { readonly charsmap: Component };
  readonly rows: readonly Row[];
  readonly cases: readonly Case[];
}

const grid: Grid = JSON.parse(
  await Deno.readTextFile(new URL("../../fixtures/tokenizer_grid.json", import.meta.url)),
);
const vocab = Object.fromEntries(grid.tokens.map((token, id) => [token, id]));

/** `tokenizer.json` of a case; with a padding token that no text has, to be complete. */
function jsonOf({ change, side }: Case): Record<string, unknown> {
  const text = JSON.stringify({ ...grid.base, model: { ...grid.base.model, vocab }, ...change });
  const json = JSON.parse(text.replaceAll('"@charsmap"', () => JSON.stringify(grid.tables.charsmap)));
  return {
    ...json,
    ...(side === "left" && { truncation: { direction: "Left", max_length: 1, strategy: "OnlyFirst" } }),
  };
}

async function repositoryOf(folder: string, files: Record<string, unknown>): Promise<Repository> {
  for (const [name, value] of Object.entries(files)) {
    await Deno.writeTextFile(`${folder}/${name}`, JSON.stringify(value));
  }
  return {
    origin: {},
    file: (name) => Promise.resolve(Object.hasOwn(files, name) ? `${folder}/${name}` : undefined),
  };
}

/** The refused components, each with the words that its message must have. */
const REFUSED: { readonly [name: string]: string } = {
  "Nmt × BertPreTokenizer": '"normalizer.type"',
  "Nmt × Metaspace": '"normalizer.type"',
  "ByteLevel × BertPreTokenizer": '"normalizer.type"',
  "ByteLevel × Metaspace": '"normalizer.type"',
  "Replace word × BertPreTokenizer": '"normalizer.pattern.Regex": expected " {2,}" or ',
  "Replace word × Metaspace": '"normalizer.pattern.Regex": expected " {2,}" or ',
  "Metaspace first": '"pre_tokenizer.prepend_scheme"',
  "UnicodeScripts": '"pre_tokenizer.type"',
  "CharDelimiterSplit": '"pre_tokenizer.type"',
  "FixedLength": '"pre_tokenizer.type"',
  "Split word": '"pre_tokenizer.pattern.Regex": expected " {2,}" or ',
  "BPE with dropout": '"model.dropout"',
  "BPE with a prefix": '"model.continuing_subword_prefix"',
  "Unigram of bytes for the unknown": '"model.byte_fallback"',
};
const refusal = ({ name }: Case) => REFUSED[name] ?? REFUSED[name.split(" × ").at(-1)!];

for (const [group, cases] of Map.groupBy(grid.cases, ({ group }) => group)) {
  const accepted = cases.filter((one) => refusal(one) === undefined);
  Deno.test(`${group}: ${accepted.length} of ${cases.length} kinds give the Rust library's ids, others are refused`, () =>
    inFolder(async (folder) => {
      for (const one of cases) {
        const repository = await repositoryOf(folder, { "tokenizer.json": jsonOf(one) });
        const said = refusal(one);
        if (said !== undefined) {
          const { message } = await assertRejects(() => loadTokenizer(repository), RequestError);
          assertStringIncludes(message, `${folder}/tokenizer.json: ${said}`);
          continue;
        }
        const tokenizer = await loadTokenizer(repository);
        const texts = one.pairs ? grid.pairs : grid.lines.map((line): [string] => [line]);
        assertEquals(one.rows.length, texts.length);
        texts.forEach((text, index) => {
          const { ids, tokenTypeIds } = tokenizer.encode(text, one.maxLength ?? 1000);
          const row = grid.rows[one.rows[index]!]!;
          assertEquals(one.pairs ? [ids, tokenTypeIds] : ids, row, `${one.name}: ${JSON.stringify(text)}`);
        });
      }
    }));
}

Deno.test("the grid has nine normalizers and six pre-tokenizers on 60 texts, and every model", () => {
  const cases = grid.cases.filter(({ group }) => group === "grid");
  const types = (part: string) =>
    new Set(
      cases.map(({ change }) => (change[part] as Component | "@charsmap")).map((component) =>
        component === "@charsmap" ? "Precompiled" : component.type
      ),
    );
  assertEquals([types("normalizer").size, types("pre_tokenizer").size, grid.lines.length], [9, 6, 60]);
  // No two of them agree on these texts: a component that did nothing would be noticed.
  const rows = cases.map(({ rows }) => rows.join());
  assertEquals(new Set(rows).size, cases.length);
  assert(grid.cases.filter(({ group }) => group === "model").length >= 12);
});
