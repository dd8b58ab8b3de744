import { cacheFolder, locked, once, RequestError, sha256OfFile } from "@opf/framework";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { inFolder, printed, startDeno, withEnvironment } from "../../_place.ts";

const unset = { OPF_CACHE: undefined, XDG_CACHE_HOME: undefined, HOME: undefined };

Deno.test("cacheFolder() is OPF_CACHE, else in XDG_CACHE_HOME, else in HOME", async () => {
  const own = Deno.build.os === "darwin" ? "/home/me/Library/Caches/opf" : "/home/me/.cache/opf";
  const at = (values: Record<string, string>) => withEnvironment({ ...unset, ...values }, cacheFolder);
  assertEquals(await at({ OPF_CACHE: "/a", XDG_CACHE_HOME: "/b", HOME: "/home/me" }), "/a");
  assertEquals(await at({ OPF_CACHE: "", XDG_CACHE_HOME: "/b", HOME: "/home/me" }), "/b/opf");
  assertEquals(await at({ HOME: "/home/me" }), own);
  await withEnvironment(unset, () => assertThrows(cacheFolder, RequestError, "OPF_CACHE"));
});

Deno.test("once() makes a folder under another name, and only once", () =>
  inFolder(async (folder) => {
    const path = join(folder, "deep", "made");
    let made = 0;
    const make = async (temporary: string) => {
      made++;
      assert(temporary !== path);
      await Deno.mkdir(temporary);
      await Deno.writeTextFile(join(temporary, "file"), "whole");
    };
    assertEquals(await once(path, make), path);
    assertEquals(await once(path, make), path);
    assertEquals(made, 1);
    assertEquals(await Deno.readTextFile(join(path, "file")), "whole");
  }));

Deno.test("once() leaves nothing of what failed, and begins afresh after a crash", () =>
  inFolder(async (folder) => {
    const path = join(folder, "made");
    const half = async (temporary: string) => {
      await Deno.writeTextFile(temporary, "half");
      throw new Error("no more disk");
    };
    await assertRejects(() => once(path, half), Error, "no more disk");
    const left = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => !name.endsWith(".lock"));
    assertEquals(left, []);

    let temporary = "";
    await once(path, (name) => Deno.writeTextFile(temporary = name, "whole"));
    await Deno.remove(path);
    await Deno.mkdir(join(temporary, "rest"), { recursive: true }); // as a process that was killed leaves it
    await once(path, (name) => Deno.writeTextFile(name, "whole again"));
    assertEquals(await Deno.readTextFile(path), "whole again");
  }));

Deno.test("once() says which cache cannot be written, and that OPF_CACHE names another", () =>
  inFolder(async (folder) => {
    const cache = join(folder, "file");
    await Deno.writeTextFile(cache, "");
    await withEnvironment({ OPF_CACHE: cache }, async () => {
      const { message } = await assertRejects(() => once(join(cache, "made"), Deno.mkdir), RequestError);
      assertStringIncludes(message, `The cache ${cache} cannot be written`);
      assertStringIncludes(message, "OPF_CACHE");
    });
    const full = () => Promise.reject(Object.assign(new Error("No space left on device"), { code: "ENOSPC" }));
    await withEnvironment(
      { OPF_CACHE: folder },
      () =>
        assertRejects(() => once(join(folder, "made"), full), RequestError, "No space left on device. Name another"),
    );
    await assertRejects(() => once(join(folder, "made"), full), Error, "No space left on device"); // not in the cache
  }));

Deno.test("once() in several processes at a time makes it in one of them", () =>
  inFolder(async (folder) => {
    const code = `
      import { once } from "@opf/framework";
      const path = await once(${JSON.stringify(join(folder, "made"))}, async (temporary) => {
        console.log("made");
        await new Promise((done) => setTimeout(done, 300));
        await Deno.writeTextFile(temporary, "whole");
      });
      console.log(await Deno.readTextFile(path));`;
    const all = await Promise.all([code, code, code].map((code) => printed(startDeno(code))));
    assertEquals(all.toSorted(), ["made\nwhole\n", "whole\n", "whole\n"]);
  }));

Deno.test("locked() waits for another process, and a lock goes with its process", () =>
  inFolder(async (folder) => {
    const path = join(folder, "lock");
    const holder = startDeno(`
      import { locked } from "@opf/framework";
      await locked(${JSON.stringify(path)}, async () => {
        console.log("held");
        await new Promise((done) => setTimeout(done, 600_000));
      });`);
    const reader = holder.stdout.getReader();
    assert(!(await reader.read()).done, "the other process holds the lock");
    const notes: string[] = [];
    const killed = (note: string) => {
      notes.push(note);
      holder.kill("SIGKILL");
    };
    assertEquals(await locked(path, () => Promise.resolve("mine"), { note: killed }), "mine");
    assertEquals(notes.length, 1);
    await reader.cancel();
    await holder.stderr.cancel();
    await holder.status;
  }));

Deno.test("sha256OfFile() agrees with the standard's own example and, over many pieces, with Web Crypto", () =>
  inFolder(async (folder) => {
    const path = join(folder, "file");
    await Deno.writeTextFile(path, "abc"); // FIPS 180-2, B.1
    assertEquals(await sha256OfFile(path), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const bytes = Uint8Array.from({ length: 2_500_001 }, (_, index) => index * 7 >> 3);
    await Deno.writeFile(path, bytes);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    assertEquals(await sha256OfFile(path), digest.toHex());
  }));
