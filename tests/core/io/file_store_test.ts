import { assertEquals, assertMatch } from "@std/assert";
import { FileStore } from "../../../core/io/file_store.ts";
import { inFolder } from "../../_place.ts";

const bytes = (...values: number[]) => new Uint8Array(values);
const silent = { maxBytes: 1e6, note: () => {} };

Deno.test("FileStore reads what was written, in parts or not, also in another process's store", async () => {
  await inFolder(async (folder) => {
    await new FileStore(`${folder}/new/store`, silent).write("name", [bytes(1, 2), bytes(), bytes(3)]);
    const store = new FileStore(`${folder}/new/store`, silent);
    const content = await store.read("name");
    assertEquals(content, bytes(1, 2, 3));
    assertEquals(content!.byteOffset % 8, 0);
    assertEquals(await store.read("other"), undefined);
  });
});

Deno.test("FileStore takes a damaged file for absent, wherever the damage is, and writes it again", async () => {
  await inFolder(async (folder) => {
    const store = new FileStore(folder, silent);
    await store.write("name", [bytes(1, 2, 3, 4)]);
    const whole = await Deno.readFile(`${folder}/name`);
    for (let position = 0; position < whole.length; position++) {
      const damaged = whole.slice();
      damaged[position]! ^= 1;
      await Deno.writeFile(`${folder}/name`, damaged);
      assertEquals(await store.read("name"), undefined, `byte ${position}`);
      await Deno.writeFile(`${folder}/name`, whole.subarray(0, position));
      assertEquals(await store.read("name"), undefined, `cut to ${position} bytes`);
    }
    await store.write("name", [bytes(1, 2, 3, 4)]);
    assertEquals(await store.read("name"), bytes(1, 2, 3, 4));
  });
});

Deno.test("FileStore removes the files that were not used for longest, and what killed writers left", async () => {
  await inFolder(async (folder) => {
    const store = new FileStore(folder, { ...silent, maxBytes: 3 * (32 + 10) });
    const used = (name: string, minutesAgo: number) => {
      const time = new Date(Date.now() - minutesAgo * 60_000);
      return Deno.utime(`${folder}/${name}`, time, time);
    };
    for (const name of ["a", "b", "c"]) await store.write(name, [new Uint8Array(10)]);
    await Deno.writeTextFile(`${folder}/d.${crypto.randomUUID()}.tmp`, "");
    const stale = `d.${crypto.randomUUID()}.tmp`;
    await Deno.writeTextFile(`${folder}/${stale}`, "");
    await used(stale, 61);
    await used("a", 30), await used("b", 20), await used("c", 10);
    await store.read("a"); // used again
    await store.write("d", [new Uint8Array(10)]);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name.replace(/\..*/, "")).sort();
    assertEquals(names, ["a", "c", "d", "d"]); // the second d is being written
    assertEquals([...Deno.readDirSync(folder)].some(({ name }) => name === stale), false);
    await store.write("large", [new Uint8Array(1000)]); // kept, though it alone is too large
    assertEquals((await store.read("large"))?.length, 1000);
  });
});

Deno.test("FileStore says once that nothing can be kept, and goes on", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const notes: string[] = [];
    const store = new FileStore(`${folder}/file/store`, { ...silent, note: (message) => notes.push(message) });
    for (const name of ["a", "b"]) {
      await store.write(name, [bytes(1)]);
      assertEquals(await store.read(name), undefined);
    }
    assertEquals(notes.length, 1);
    assertMatch(notes[0]!, /^Nothing is kept in .*file\/store for later runs: [^\n]+\.$/);
  });
});
