import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { python } from "../../plugins/_wheels.ts";
import { inFolder, withEnvironment } from "../_place.ts";

Deno.test("python() runs no module that lies in the current folder or that PYTHONPATH names", () =>
  inFolder(async (folder) => {
    const planted = join(folder, "planted");
    for (const module of ["json", "base64", "sitecustomize", "pip"]) {
      await Deno.mkdir(folder, { recursive: true });
      await Deno.writeTextFile(join(folder, `${module}.py`), `open(${JSON.stringify(planted)}, "w").close()`);
    }
    const before = Deno.cwd();
    Deno.chdir(folder);
    try {
      await withEnvironment({ PYTHONPATH: folder }, async () => {
        const run = await python(["-c", "import json, base64; print(json.dumps([1]))"]);
        assertEquals([run?.success, run?.stdout.trim()], [true, "[1]"]);
        assert((await python(["-m", "pip", "--version"]))?.success);
      });
    } finally {
      Deno.chdir(before);
    }
    assertEquals([...Deno.readDirSync(folder)].some(({ name }) => name === "planted"), false);
  }));
