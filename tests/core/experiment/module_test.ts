// Together: core/experiment/module.ts and external_modules.ts, on files that Deno cannot load.
import { RequestError } from "@opf/framework";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { pathToFileURL } from "node:url";
import { externalModules } from "../../../core/experiment/external_modules.ts";
import { importModule, moduleUrl } from "../../../core/experiment/module.ts";
import { inFolder } from "../../_place.ts";

const ROOT = new URL("../../../", import.meta.url);

/** Files by name, and what is said of the first one; `DIR` stands for the folder. */
const CASES: readonly (readonly [files: Readonly<Record<string, string>>, message: RegExp])[] = [
  [{}, /^Module not found "DIR\/a\.ts"\.$/],
  [{ "a.ts": "export default {" }, /^DIR\/a\.ts:1:17 cannot be loaded: SyntaxError: Unexpected .*\.$/],
  [{ "a.ts": 'import "./b.ts";' }, /^DIR\/a\.ts cannot be loaded: Module not found "DIR\/b\.ts"\.$/],
  [
    { "a.ts": 'import "./b.ts";', "b.ts": "\n\n @@ 5;" },
    /^DIR\/a\.ts cannot be loaded: DIR\/b\.ts:3:\d: SyntaxError: .*\.$/,
  ],
  [{ "a.ts": 'import { x } from "./b.ts"; x;', "b.ts": "" }, /named 'x' at DIR\/a\.ts:1:10\.$/],
  [{ "a.ts": 'import "nothing";' }, /^Import "nothing" .* from "DIR\/a\.ts"\.$/],
  [{ "a.ts": '\nthrow new Error("out of order\\nand more");' }, /^DIR\/a\.ts:2:7 cannot be loaded: out of order\.$/],
  [{ "a.ts": 'import "http://127.0.0.1:9/x.ts";' }, /^DIR\/a\.ts cannot be loaded: Import '.*' failed\.$/],
];

Deno.test("a module that cannot be loaded is an error of one sentence, which names each file once", async () => {
  for (const [files, message] of CASES) {
    await inFolder(async (folder) => {
      for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
      const url = pathToFileURL(`${folder}/a.ts`).href;
      const load = async () => {
        await externalModules(url, ROOT);
        await importModule(url);
      };
      const error = await assertRejects(load, RequestError);
      assertMatch(error.message.replaceAll(folder, "DIR"), message);
      assert(!error.message.includes("file:"), error.message);
    });
  }
});

Deno.test("a URL that is no path stays as it is", async () => {
  const error = await assertRejects(() => importModule("file:///gone%zz.ts"), RequestError);
  assertEquals(error.message, 'Module not found "file:///gone%zz.ts".');
});

Deno.test("what a module refuses itself is said as it says it", () =>
  inFolder(async (folder) => {
    const errors = new URL("core/errors.ts", ROOT).href;
    await Deno.writeTextFile(
      `${folder}/a.ts`,
      `import { RequestError } from "${errors}";\nthrow new RequestError("No.");`,
    );
    const error = await assertRejects(() => importModule(pathToFileURL(`${folder}/a.ts`).href), RequestError);
    assertEquals(error.message, "No.");
  }));

Deno.test("moduleUrl() takes URLs and paths from a folder, and refuses a file that is not there", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a b.ts`, "");
    await Deno.mkdir(`${folder}/c.ts`);
    const url = (name: string) => moduleUrl(name, { cwd: folder, what: "plugin" });
    assertEquals(await url("./a b.ts"), pathToFileURL(`${folder}/a b.ts`).href);
    assertEquals(await url("jsr:@a/b"), "jsr:@a/b");
    const refusal = async (name: string) => (await assertRejects(() => url(name), RequestError)).message;
    assertEquals(await refusal("./gone.ts"), `No plugin file ./gone.ts in ${folder}.`);
    assertEquals(await refusal(`${folder}/c.ts`), `No plugin file ${folder}/c.ts.`);
  }));
