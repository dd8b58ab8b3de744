// Together: tests/fuzz, on readers with one fault each.
import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import { inFolder } from "../_place.ts";
import { fuzzWatched } from "./_watchdog.ts";

const module = new URL("_broken_readers.ts", import.meta.url).href;

const fuzzed = (reader: string, count: number) =>
  inFolder((folder) => fuzzWatched({ module, reader, seed: 1, count, folder }));

Deno.test("a reader without a fault has no findings", async () => {
  const { read, refused, findings } = await fuzzed("right", 400);
  assertEquals([findings, read + refused], [[], 400]);
});

for (
  const [reader, problem] of [
    ["raw error", /^file\.json: a raw error: TypeError: /],
    ["engine's words", /^file\.json: the engine's words: /],
    ["no name", /^file\.json: no file's name: /],
    ["control character", /^file\.json: a control character: /],
    ["long message", /^file\.json: a long message: /],
    ["wrong value", /^file\.json: a wrong read: .*a\.0: read /],
    ["key twice", /^file\.json: a wrong read: .*distinct keys: read 1, the file holds 2/],
    ["memory", /^file\.json: it took \d+ MB/],
    ["all memory", /^it took more than 2000 MB/],
    ["hang", /^it did not end within 5 s/],
  ] as const
) {
  Deno.test(`fuzzing finds the fault "${reader}", and goes on`, async () => {
    const count = ["hang", "all memory", "memory"].includes(reader) ? 150 : 400;
    const { read, refused, findings } = await fuzzed(reader, count);
    assertGreater(findings.length, 0);
    assertMatch(findings[0]!.problem, problem);
    assertEquals(read + refused + findings.length, count);
    // Any one of them alone is found again.
    const { index } = findings.at(-1)!;
    const again = await inFolder((folder) => fuzzWatched({ module, reader, seed: 1, first: index, count: 1, folder }));
    assertEquals(again.findings.map(({ index }) => index), [index]);
  });
}
