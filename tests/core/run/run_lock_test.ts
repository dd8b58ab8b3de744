import { assertEquals, assertRejects } from "@std/assert";
import { exists } from "@opf/framework";
import { isRunLocked, withRunLock } from "../../../core/run/run_lock.ts";
import { inFolder, printed, startDeno } from "../../_place.ts";

Deno.test("one process at a time has the lock of a run, and leaves no file", () =>
  inFolder(async (folder) => {
    const inside = await withRunLock(folder, async () => {
      const module = new URL("../../../core/run/run_lock.ts", import.meta.url).href;
      const code = `import { isRunLocked, withRunLock } from "${module}";
        console.log(await withRunLock(${JSON.stringify(folder)}, () => Promise.resolve("both")) ?? "busy");`;
      return (await printed(startDeno(code))).trim();
    });
    assertEquals(inside, "busy");
    assertEquals(await exists(`${folder}/lock`), false);
  }));

Deno.test("the lock of a process that was killed is taken over, and one of a run that fails is removed", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/lock`, "");
    assertEquals(await withRunLock(folder, () => Promise.resolve(1)), 1);
    assertEquals(await exists(`${folder}/lock`), false);
    await assertRejects(() => withRunLock(folder, () => Promise.reject(new Error("failed"))), Error, "failed");
    assertEquals(await exists(`${folder}/lock`), false);
  }));

Deno.test("a process that looks whether a run is locked does not keep another one from the lock", () =>
  inFolder(async (folder) => {
    const looking = await Deno.open(`${folder}/lock`, { create: true, write: true });
    assertEquals(await looking.tryLock(), true); // as isRunLocked() holds it for a moment
    const inside = withRunLock(folder, () => isRunLocked(folder));
    await new Promise((resume) => setTimeout(resume, 20));
    looking.close();
    assertEquals(await inside, true);
  }));

Deno.test("a run whose folder was removed meanwhile returns, and leaves the lock of the process that began it anew", () =>
  inFolder(async (folder) => {
    const runFolder = `${folder}/run`;
    const removeFolder = () => Deno.remove(runFolder, { recursive: true });
    assertEquals(await withRunLock(runFolder, () => removeFolder().then(() => "done")), "done");
    const again = withRunLock(runFolder, async () => {
      await removeFolder();
      await Deno.mkdir(runFolder);
      await Deno.writeTextFile(`${runFolder}/lock`, "");
      return "done again";
    });
    assertEquals(await again, "done again");
    assertEquals(await exists(`${runFolder}/lock`), true);
  }));
