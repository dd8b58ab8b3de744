/**
 * Readers of tables: TSV and Parquet.
 *
 * @module
 */
import { gunzipSync, gzipSync } from "node:zlib";
import { readParquet } from "../../tasks/_parquet.ts";
import { readTsv } from "../../tasks/_tsv.ts";
import { decode, encode, expectSame } from "./_expect.ts";
import type { FileReader } from "./_fuzz.ts";

const TSV = "idx\tsentence1\tsentence2\tlabel\n" +
  Array.from({ length: 6 }, (_, at) => `${at}\tA cat ${at} sat.\tAn "animal" – 漢字.\t${at % 2}\n`).join("");
const COLUMNS = { columns: [["sentence1"], ["sentence2"], ["label"]], number: "idx" };

export const tsv: FileReader = {
  name: "tsv",
  seeds: [{ name: "train.tsv", bytes: encode(TSV) }, { name: "train.tsv.gz", bytes: new Uint8Array(gzipSync(TSV)) }],
  async read(path, bytes) {
    const rows = await readTsv(path, COLUMNS);
    const lines = decode(path.endsWith(".gz") ? gunzipSync(bytes) : bytes).split("\n").map((line) =>
      line.replace(/\r$/, "")
    );
    while (lines.at(-1) === "") lines.pop();
    const names = lines[0]!.split("\t");
    expectSame("rows", rows.length, lines.length - 1);
    rows.forEach(({ fields, number }, row) => {
      const cells = lines[row + 1]!.split("\t");
      COLUMNS.columns.forEach(([name], at) => expectSame(`row ${row}`, fields[at], cells[names.indexOf(name!)]));
      const index = names.indexOf("idx");
      expectSame(`row ${row}`, number, index < 0 ? row : Number(cells[index]));
    });
    return undefined;
  },
};

const GLUE = new URL("../fixtures/glue/", import.meta.url);

export const parquet = async (): Promise<FileReader> => ({
  name: "parquet",
  seeds: await Promise.all(["rte", "stsb"].map(async (task) => {
    const name = "train-00000-of-00001.parquet";
    return { name, bytes: await Deno.readFile(new URL(`${task}/${name}`, GLUE)) };
  })),
  async read(path) {
    const rows = await readParquet(path, COLUMNS);
    expectSame("distinct", new Set(rows.map(({ number }) => number)).size, rows.length);
    for (const { fields } of rows) for (const field of fields) expectSame("a field", typeof field, "string");
    return undefined;
  },
});
