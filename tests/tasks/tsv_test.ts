import { RequestError } from "@opf/framework";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { MAX_ROWS, readLines, readTsv, type TsvOptions } from "../../tasks/_tsv.ts";
import { inFolder } from "../_place.ts";

const COLUMNS = { columns: [["label", "score"], ["text"]], number: "idx" };

/** Reads a file with these bytes or this text. */
const read = (content: string | Uint8Array, options: TsvOptions = COLUMNS, name = "table.tsv") =>
  inFolder(async (folder) => {
    const path = `${folder}/${name}`;
    await (typeof content === "string" ? Deno.writeTextFile(path, content) : Deno.writeFile(path, content));
    const rows = await readTsv(path, options);
    return rows.map(({ place, number, fields }) => [place.slice(folder.length + 1), number, ...fields]);
  });

const assertRefused = async (
  content: string | Uint8Array,
  pattern: RegExp,
  options: TsvOptions = COLUMNS,
  name?: string,
) => assertMatch((await assertRejects(() => read(content, options, name), RequestError)).message, pattern);

Deno.test("readTsv() finds columns by any of their names, in any order", async () => {
  assertEquals(await read("idx\ttext\tother\tlabel\n4\tone\t-\t0\n9\ttwo\t-\t1\n"), [
    ["table.tsv, line 2", 4, "0", "one"],
    ["table.tsv, line 3", 9, "1", "two"],
  ]);
  assertEquals(await read("score\ttext\n2.5\tone\n"), [["table.tsv, line 2", 0, "2.5", "one"]]);
});

Deno.test("readTsv() keeps fields verbatim, without the end of the line", async () => {
  const text = ' "a ""quote" \u2028\u0085\u00a0漢\r 😀 ';
  assertEquals(await read(`\ufefflabel\ttext\r\n1\t${text}\r\n0\t\r\n`), [
    ["table.tsv, line 2", 0, "1", text],
    ["table.tsv, line 3", 1, "0", ""],
  ]);
  assertEquals((await read("label\ttext\n1\tno end"))[0]!.at(-1), "no end");
});

Deno.test("readTsv() reads a file without a header by the given names", async () => {
  const options = { ...COLUMNS, header: ["source", "label", "text"] };
  assertEquals(await read("s\t1\tone\n", options), [["table.tsv, line 1", 0, "1", "one"]]);
  assertEquals(await read("text\tidx\tlabel\none\t3\t1\n", options), [["table.tsv, line 2", 3, "1", "one"]]);
  await assertRefused("s\t1\n", /line 1: expected a column "label" or "score", got s, 1\./, options);
});

Deno.test("readTsv() drops short rows only with dropShort, and counts them", async () => {
  const cut = "label\ttext\n1\tone\n0\n1\tthree\n";
  await assertRefused(cut, /table\.tsv, line 3: expected 2 fields, got 1\./);
  assertEquals(await read(cut, { ...COLUMNS, dropShort: true }), [
    ["table.tsv, line 2", 0, "1", "one"],
    ["table.tsv, line 4", 2, "1", "three"],
  ]);
  await assertRefused("idx\tlabel\ttext\n0\t1\n", /line 2: expected 3 fields, got 2/, { ...COLUMNS, dropShort: true });
  await assertRefused("label\ttext\n1\tone\tmore\n", /line 2: expected 2 fields, got 3/, {
    ...COLUMNS,
    dropShort: true,
  });
});

Deno.test("readTsv() names the line of an error", async () => {
  await assertRefused("", /table\.tsv: expected rows, got an empty file/);
  await assertRefused("label\ttext\n", /table\.tsv: expected rows, got only a header/);
  await assertRefused("label\ttexts\n1\tone\n", /table\.tsv, line 1: expected a column "text", got label, texts\./);
  await assertRefused("label\ttext\n1\tone\n\n0\ttwo\n", /line 3: expected 2 fields, got 1/);
  for (const index of ["", "1.5", "-1", "x", "9007199254740993", "0x7"]) {
    await assertRefused(
      `idx\tlabel\ttext\n${index}\t1\tone\n`,
      new RegExp(`line 2: expected an integer .* as idx, got "${index}"`),
    );
  }
  await assertRefused(new Uint8Array([0x6c, 0xff, 0x0a]), /table\.tsv: cannot be read: .*(utf-8|encoded)/i);
});

Deno.test("readTsv() decompresses .gz, and refuses a truncated or damaged file", async () => {
  const packed = gzipSync("label\ttext\n" + Array.from({ length: 500 }, (_, at) => `1\tline ${at}\n`).join(""));
  const rows = await read(packed, COLUMNS, "table.tsv.gz");
  assertEquals([rows.length, rows.at(-1)!.at(-1)], [500, "line 499"]);
  await assertRefused(packed.slice(0, -100), /table\.tsv\.gz: cannot be read: ./, COLUMNS, "table.tsv.gz");
  await assertRefused(packed.slice(0, -4), /table\.tsv\.gz: cannot be read: ./, COLUMNS, "table.tsv.gz");
  await assertRefused(
    packed.with(-5, packed.at(-5)! ^ 1),
    /table\.tsv\.gz: cannot be read: ./,
    COLUMNS,
    "table.tsv.gz",
  );
  await assertRefused("label\ttext\n1\tone\n", /table\.tsv\.gz: cannot be read: ./, COLUMNS, "table.tsv.gz");
});

Deno.test("readTsv() reads every member of a .gz file, and ignores zeros after the last", async () => {
  const members = [gzipSync("label\ttext\n1\tone\n"), gzipSync("0\ttwo\n"), gzipSync("")];
  const rows = [["table.tsv.gz, line 2", 0, "1", "one"], ["table.tsv.gz, line 3", 1, "0", "two"]];
  for (const padding of [0, 1, 512]) {
    const bytes = new Uint8Array([...members.flatMap((member) => [...member]), ...new Uint8Array(padding)]);
    assertEquals(await read(bytes, COLUMNS, "table.tsv.gz"), rows);
  }
  const trailing = new Uint8Array([...members[0]!, 1, 2, 3]);
  await assertRefused(trailing, /table\.tsv\.gz: cannot be read: ./, COLUMNS, "table.tsv.gz");
});

Deno.test("readTsv() ignores blank lines at the end", async () => {
  for (const end of ["", "\n", "\n\n", "\r\n\r\n\n"]) assertEquals((await read(`label\ttext\n1\tone${end}`)).length, 1);
});

Deno.test("readTsv() refuses an index or a column that occurs twice", async () => {
  await assertRefused(
    "idx\tlabel\ttext\n7\t1\tone\n8\t1\ttwo\n07\t0\tthree\n",
    /line 4: the idx 7 is that of .*table\.tsv, line 2/,
  );
  await assertRefused("label\ttext\tlabel\n1\tone\t0\n", /line 1: expected one column "label", got several/);
  assertEquals((await read("label\ttext\tother\tother\n1\tone\t-\t-\n")).length, 1);
});

Deno.test("readLines() refuses what is not a file", async () => {
  await inFolder(async (folder) => {
    await assertRejects(() => readLines(`${folder}/nothing`), RequestError, "nothing: cannot be read");
    await assertRejects(() => readLines(folder), RequestError, `${folder}: cannot be read: expected a file`);
  });
});

Deno.test("readLines() refuses more lines than it would have memory for", async () => {
  await assertRefused("label\ttext\n1\tone\n" + "\n".repeat(MAX_ROWS), /expected at most 4000000 lines, got 4000003/);
});
