import { assertEquals, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { RequestError } from "../../../core/errors.ts";
import { MAX_TEXT_BYTES, readTextFile } from "../../../core/io/text_file.ts";
import { inFolder } from "../../_place.ts";

Deno.test("readTextFile() reads plain and gzipped UTF-8", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a.txt`, "\ufeffä 漢\r\n");
    await Deno.writeFile(`${folder}/a.txt.gz`, gzipSync("ä 漢\r\n"));
    for (const name of ["a.txt", "a.txt.gz"]) assertEquals(await readTextFile(`${folder}/${name}`), "ä 漢\r\n");
  }));

Deno.test("readTextFile() refuses a text over the limit before it is in memory, decompressed too", () =>
  inFolder(async (folder) => {
    const zeros = new Uint8Array(1000);
    for (const [name, bytes] of [["a", zeros], ["a.gz", gzipSync(zeros)]] as const) {
      await Deno.writeFile(`${folder}/${name}`, bytes);
      const message = name === "a" ? "at most 999 bytes, got 1000" : "at most 999 bytes after decompression, got more";
      await assertRejects(() => readTextFile(`${folder}/${name}`, { maxBytes: 999 }), RequestError, message);
      assertEquals((await readTextFile(`${folder}/${name}`, { maxBytes: 1000 })).length, 1000);
    }
    await Deno.writeFile(`${folder}/bomb.gz`, gzipSync(new Uint8Array(MAX_TEXT_BYTES + 1)));
    await assertRejects(
      () => readTextFile(`${folder}/bomb.gz`),
      RequestError,
      `bomb.gz: cannot be read: expected at most`,
    );
    await Deno.writeTextFile(`${folder}/sparse`, "");
    await Deno.truncate(`${folder}/sparse`, 2 ** 40);
    await assertRejects(() => readTextFile(`${folder}/sparse`), RequestError, "got 1099511627776");
  }));

Deno.test("readTextFile() refuses what is no file, is not there, or is not what its name says", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/latin`, new Uint8Array([0x41, 0xe4, 0x41]));
    await Deno.writeTextFile(`${folder}/plain.gz`, "text");
    for (const path of [folder, `${folder}/nothing`, `${folder}/latin`, `${folder}/plain.gz`]) {
      await assertRejects(() => readTextFile(path), RequestError, `${path}: cannot be read: `);
    }
    if (Deno.build.os === "windows") return;
    const { success } = await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    if (success) await assertRejects(() => readTextFile(`${folder}/pipe`), RequestError, "expected a file");
  }));
