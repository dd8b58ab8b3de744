// Together: everything that reads files which others wrote. A damaged one is read right, or refused in one sentence.
import { assertEquals } from "@std/assert";
import { inFolder } from "../_place.ts";
import { readers } from "./_readers.ts";
import { fuzzWatched } from "./_watchdog.ts";

for (const reader of await inFolder(readers)) {
  const { name, count = 2000 } = reader;
  Deno.test(`${name}: ${count} mutations are read right or refused`, () =>
    inFolder(async (folder) => {
      const { findings, read, refused } = await fuzzWatched({ reader: name, seed: 1, count, folder });
      assertEquals(findings.slice(0, 10), []);
      assertEquals([read > 0, refused > 0], [true, true], "mutations that reach the reader");
    }));

  Deno.test(`${name}: a file that is whole is read`, () =>
    inFolder(async (folder) => {
      for (const { name, bytes } of reader.seeds) {
        await Deno.writeFile(`${folder}/${name}`, bytes);
        assertEquals(await reader.read(`${folder}/${name}`, bytes), undefined, name);
      }
    }));
}
