import { RequestError } from "@opf/framework";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { readLines, readTsv, type TsvOptions } from "../../tasks/_tsv.ts";
import { inFolder } from "../_place.ts";

const WANTED = { columns: [["label", "score"], ["text"]], number: "idx" };

/** Reads a file with these bytes or this text. */
const read = (content: string | Uint8Array, options: TsvOptions = WANTED, name = "table.tsv") =>
  inFolder(async (folder) => {
    const path = `${folder}/${name}`;
    await (typeof content === "string" ? Deno.writeTextFile(path, content) : Deno.writeFile(path, content));
    const rows = await readTsv(path, options);
    return rows.map(({ place, number, fields }) => [place.slice(folder.length + 1), number, ...fields]);
  });

const refused = async (content: string | Uint8Array, wanted: RegExp, options: TsvOptions = WANTED, name?: string) =>
  assertMatch((await assertRejects(() => read(content, options, name), RequestError)).message, wanted);

Deno.test("readTsv() finds columns by any of their names, in any order", async () => {
  assertEquals(await read("idx\ttext\tother\tlabel\n4\tone\t-\t0\n9\ttwo\t-\t1\n"), [
    ["table.tsv, line 2", 4, "0", "one"],
    ["table.tsv, line 3", 9, "1", "two"],
  ]);
  assertEquals(await read("score\ttext\n2.5\tone\n"), [["table.tsv, line 2", 0, "2.5", "one"]]);
});

Deno.test("readTsv() keeps fields as they are but for the end of the line", async () => {
  const text = ' "a ""quote" \u2028\u0085\u00a0漢\r 😀 ';
  assertEquals(await read(`\ufefflabel\ttext\r\n1\t${text}\r\n0\t\r\n`), [
    ["table.tsv, line 2", 0, "1", text],
    ["table.tsv, line 3", 1, "0", ""],
  ]);
  assertEquals((await read("label\ttext\n1\tno end"))[0]!.at(-1), "no end");
});

Deno.test("readTsv() reads a file without a header by the names it is given", async () => {
  const options = { ...WANTED, header: ["source", "label", "text"] };
  assertEquals(await read("s\t1\tone\n", options), [["table.tsv, line 1", 0, "1", "one"]]);
  assertEquals(await read("text\tidx\tlabel\none\t3\t1\n", options), [["table.tsv, line 2", 3, "1", "one"]]);
  await refused("s\t1\n", /line 1: wanted a column "label" or "score"; found s, 1\./, options);
});

Deno.test("readTsv() leaves out short rows only where it is told to, and counts them", async () => {
  const cut = "label\ttext\n1\tone\n0\n1\tthree\n";
  await refused(cut, /table\.tsv, line 3: wanted 2 fields, found 1\./);
  assertEquals(await read(cut, { ...WANTED, dropShort: true }), [
    ["table.tsv, line 2", 0, "1", "one"],
    ["table.tsv, line 4", 2, "1", "three"],
  ]);
  await refused("idx\tlabel\ttext\n0\t1\n", /line 2: wanted 3 fields, found 2/, { ...WANTED, dropShort: true });
  await refused("label\ttext\n1\tone\tmore\n", /line 2: wanted 2 fields, found 3/, { ...WANTED, dropShort: true });
});

Deno.test("readTsv() says which line is wrong", async () => {
  await refused("", /table\.tsv: wanted rows, found an empty file/);
  await refused("label\ttext\n", /table\.tsv: wanted rows, found none but the header/);
  await refused("label\ttexts\n1\tone\n", /table\.tsv, line 1: wanted a column "text"; found label, texts\./);
  await refused("label\ttext\n1\tone\n\n0\ttwo\n", /line 3: wanted 2 fields, found 1/);
  for (const index of ["", "1.5", "-1", "x"]) {
    await refused(
      `idx\tlabel\ttext\n${index}\t1\tone\n`,
      new RegExp(`line 2: .*whole number as idx, found "${index}"`),
    );
  }
  await refused(new Uint8Array([0x6c, 0xff, 0x0a]), /table\.tsv failed: .*(utf-8|encoded)/i);
});

Deno.test("readTsv() unpacks .gz, and refuses one that is cut short or damaged", async () => {
  const packed = gzipSync("label\ttext\n" + Array.from({ length: 500 }, (_, at) => `1\tline ${at}\n`).join(""));
  const rows = await read(packed, WANTED, "table.tsv.gz");
  assertEquals([rows.length, rows.at(-1)!.at(-1)], [500, "line 499"]);
  await refused(packed.slice(0, -100), /table\.tsv\.gz failed: ./, WANTED, "table.tsv.gz");
  await refused(packed.slice(0, -4), /table\.tsv\.gz failed: ./, WANTED, "table.tsv.gz");
  await refused(packed.with(-5, packed.at(-5)! ^ 1), /table\.tsv\.gz failed: ./, WANTED, "table.tsv.gz");
  await refused("label\ttext\n1\tone\n", /table\.tsv\.gz failed: ./, WANTED, "table.tsv.gz");
});

Deno.test("readLines() refuses what is no file", async () => {
  await inFolder(async (folder) => {
    await assertRejects(() => readLines(`${folder}/nothing`), RequestError, "nothing failed");
    await assertRejects(() => readLines(folder), RequestError, `${folder} failed`);
  });
});
