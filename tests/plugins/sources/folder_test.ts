import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { folder } from "../../../plugins/sources/folder.ts";
import { inFolder } from "../../_place.ts";

Deno.test("folder() gives the files of a folder where they lie", () =>
  inFolder(async (path) => {
    await Deno.mkdir(join(path, "deep"));
    await Deno.writeTextFile(join(path, "deep", "config.json"), "{}");
    const found = await folder().open({ kind: "model", id: path });
    assert("file" in found);
    assertEquals(found.origin, { source: "folder", path });
    assertEquals(await found.file("deep/config.json"), join(path, "deep", "config.json"));
    assertEquals(await found.file("model.safetensors"), undefined);
  }));

Deno.test("folder() takes relative paths from its base", () =>
  inFolder(async (path) => {
    await Deno.mkdir(join(path, "models", "mine"), { recursive: true });
    const found = await folder({ base: join(path, "models") }).open({ kind: "model", id: "./mine/" });
    assert("origin" in found);
    assertEquals(found.origin, { source: "folder", path: join(path, "models", "mine") });
    assertEquals(await folder({ base: path }).open({ kind: "model", id: "mine" }), { missing: "no such folder" });
  }));

Deno.test("folder() has no repository where there is no folder, or a file", () =>
  inFolder(async (path) => {
    await Deno.writeTextFile(join(path, "file"), "");
    for (const id of [join(path, "none"), join(path, "file"), join(path, "file", "below")]) {
      assertEquals(await folder().open({ kind: "dataset", id }), { missing: "no such folder" });
    }
  }));

Deno.test("folder() lets no name lead out of it", () =>
  inFolder(async (path) => {
    const found = await folder().open({ kind: "model", id: path });
    assert("file" in found);
    for (const name of ["../secret", "a/../../secret", "/etc/hostname", "..\\secret", "C:\\secret", ""]) {
      await assertRejects(() => found.file(name), Error, "expected a name inside the repository");
    }
  }));
