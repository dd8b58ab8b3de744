// Together: core/model/tokenizer/, on the code points of Unicode, against the Rust library
// (tests/peers/code_points_fixture.py).
import { loadTokenizer, type Repository } from "@opf/framework";
import { assertEquals, assertGreater } from "@std/assert";
import { createHash } from "node:crypto";
import { inFolder } from "../../_place.ts";

interface Fixture {
  /** Code points of a text. */
  readonly block: number;
  readonly ranges: readonly (readonly [first: number, last: number, step: number])[];
  readonly base: object;
  readonly cases: readonly {
    readonly name: string;
    readonly change: object;
    /** Eight hexadecimal digits a text, of its ids. */
    readonly digests: string;
  }[];
}

const { block, ranges, base, cases }: Fixture = JSON.parse(
  await Deno.readTextFile(new URL("../../fixtures/code_points.json", import.meta.url)),
);

const points = ranges.flatMap(([first, last, step]) =>
  Array.from({ length: (last - first) / step + 1 }, (_, index) => first + step * index)
);

const texts = Array.from(
  { length: Math.ceil(points.length / block) },
  (_, index) =>
    points.slice(block * index, block * (index + 1)).map((point) => `a${String.fromCodePoint(point)}b`).join(" "),
);

for (const { name, change, digests } of cases) {
  Deno.test(`${name}: the Rust library's ids for ${points.length} code points`, () =>
    inFolder(async (folder) => {
      const path = `${folder}/tokenizer.json`;
      const added_tokens = [{ id: 256, content: "[PAD]", special: true, normalized: false }];
      await Deno.writeTextFile(path, JSON.stringify({ ...base, ...change, added_tokens }));
      const repository: Repository = {
        origin: { folder },
        file: (name) => Promise.resolve(name === "tokenizer.json" ? path : undefined),
      };
      const tokenizer = await loadTokenizer(repository);
      const other = texts.filter((text, index) => {
        const { ids } = tokenizer.encode([text], 1e6);
        return createHash("sha256").update(ids.join()).digest("hex").slice(0, 8) !==
          digests.slice(8 * index, 8 * index + 8);
      });
      assertEquals(other, [], "texts with other ids");
      assertGreater(texts.length, 100);
    }));
}
