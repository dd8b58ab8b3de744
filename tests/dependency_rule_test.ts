// Together: every file of core, plugins, tasks and experiments by its imports, and every test by its place.
import { assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { dirname, relative } from "node:path";

const ROOT = new URL("../", import.meta.url).pathname;
const IMPORT = /(?:\bfrom|\bimport\s*\(?)\s*["']([^"']+)["']/g;
const FOLDERS = ["core", "plugins", "tasks", "experiments"];

/** Rooms and contracts of core from the ground up: a file imports only from those before its own. */
const FLOORS = [
  ...["json", "errors", "name_pattern", "random", "source", "launcher", "backend", "io", "decomposition", "model"],
  ...["importance_score", "task", "selection_policy", "registry", "training", "check"],
  ...["results", "statistics", "run", "report", "experiment", "execution", "cli"],
];

interface Arrow {
  /** Path from the root. */
  readonly from: string;
  /** Path from the root, or a bare specifier. */
  readonly to: string;
}

/** What the TypeScript files under some folders import. */
function* arrows(root: string, folders: readonly string[]): Generator<Arrow> {
  for (const folder of folders) {
    for (const { name, isDirectory } of Deno.readDirSync(`${root}${folder}`)) {
      const from = `${folder}/${name}`;
      if (isDirectory) yield* arrows(root, [from]);
      else if (name.endsWith(".ts")) {
        // Examples in comments import as an outsider would.
        const text = Deno.readTextFileSync(root + from).replace(/\/\*\*[\s\S]*?\*\//g, "");
        for (const [, to] of text.matchAll(IMPORT)) {
          yield { from, to: to!.startsWith(".") ? relative(root, `${dirname(root + from)}/${to}`) : to! };
        }
      }
    }
  }
}

const roomOf = (path: string): string => path.split("/")[1]!.replace(/\.ts$/, "");

/** Arrows that the design forbids. */
function isForbidden({ from, to }: Arrow): boolean {
  const [place, kind] = from.split("/");
  if (place === "core") {
    if (!to.startsWith("core/")) return to.startsWith("@opf/") || /^(plugins|tasks|experiments|main)/.test(to);
    const [own, other] = [FLOORS.indexOf(roomOf(from)), FLOORS.indexOf(roomOf(to))];
    return own < 0 || other < 0 || other > own;
  }
  if (place === "experiments") return /^(core|plugins|tasks|main)\//.test(to);
  if (to.startsWith("@opf/")) return to !== "@opf/framework";
  if (!/^(core|plugins|tasks|experiments|main|mod)\b/.test(to)) return false; // a package
  if (place === "tasks") return !to.startsWith("tasks/");
  const [otherPlace, other] = to.split("/");
  // Within its kind; helpers of all kinds begin with an underscore; mod.ts lists all.
  return otherPlace !== "plugins" || (other !== kind && !other!.startsWith("_") && kind !== "mod.ts");
}

const forbidden = (root: string) =>
  [...arrows(root, FOLDERS)].filter(isForbidden).map(({ from, to }) => `${from} → ${to}`);

/** Chains of imports that lead back to their first file, each from its first file in the alphabet. */
function circles(root: string): string[] {
  const imports = new Map<string, string[]>();
  for (const { from, to } of arrows(root, FOLDERS)) imports.set(from, [...imports.get(from) ?? [], to]);
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) {
      const circle = path.slice(path.indexOf(file));
      const start = circle.indexOf(circle.toSorted()[0]!);
      found.add([...circle.slice(start), ...circle.slice(0, start), circle[start]].join(" → "));
    } else if (!done.has(file)) {
      for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    }
  };
  for (const file of imports.keys()) visit(file, []);
  return [...found].toSorted();
}

/** Tests of no single file that do not say in their first line what they test together. */
function unplacedTests(root: string, folder = "tests"): string[] {
  return [...Deno.readDirSync(`${root}${folder}`)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return unplacedTests(root, path);
    if (!name.endsWith("_test.ts")) return [];
    const sourceFolder = `${root}${dirname(relative("tests", path))}`, source = name.replace("_test.ts", ".ts");
    const isMirrored = [source, `_${source}`].some((file) => existsSync(`${sourceFolder}/${file}`));
    return isMirrored || /^\/\/ Together: \S/.test(Deno.readTextFileSync(root + path)) ? [] : [path];
  }).toSorted();
}

async function makeTree(files: Record<string, string>): Promise<string> {
  const root = `${await Deno.makeTempDir()}/`;
  for (const folder of FOLDERS) await Deno.mkdir(root + folder);
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(root + path), { recursive: true });
    await Deno.writeTextFile(root + path, text);
  }
  return root;
}

Deno.test("core keeps the order of its floors and knows no plugin; plugins and tasks know core by its public name", () => {
  assertEquals(forbidden(ROOT), []);
});

Deno.test("no files import each other in a circle, types included", () => {
  assertEquals(circles(ROOT), []);
});

Deno.test("a test lies where its file does, or says in its first line what it tests together", () => {
  assertEquals(unplacedTests(ROOT), []);
});

Deno.test("an import against the order is found", async () => {
  const root = await makeTree({
    "core/io/a.ts": 'import { mpo } from "../../plugins/decompositions/mpo.ts";',
    "core/model/b.ts": 'const later = await import("@opf/framework/plugins");\nimport "../io/a.ts";',
    "core/results/c.ts": 'import "../run/d.ts";\nimport type { Engine } from "../backend/engine.ts";',
    "core/run/d.ts": 'import "../results/c.ts";\nimport "./e.ts";\nimport { x } from "../task.ts";',
    "core/task.ts": 'import { y } from "./selection_policy.ts";\nimport { z } from "./json.ts";',
    "core/attic/f.ts": 'import "../json.ts";',
    "plugins/models/c.ts": 'export * from "../decompositions/mpo.ts";\nimport "../_helper.ts";\nimport "./d.ts";',
    "plugins/models/d.ts": 'import type { X } from "../../core/x.ts";\nimport { tf } from "@opf/framework";',
    "tasks/e.ts": 'import { bert } from "@opf/framework/plugins";\nimport { z } from "zod";',
    "experiments/f.ts": 'import { x } from "../core/x.ts";\nimport { bert } from "@opf/framework/plugins";',
  });
  assertEquals(forbidden(root).toSorted(), [
    "core/attic/f.ts → core/json.ts",
    "core/io/a.ts → plugins/decompositions/mpo.ts",
    "core/model/b.ts → @opf/framework/plugins",
    "core/results/c.ts → core/run/d.ts",
    "core/task.ts → core/selection_policy.ts",
    "experiments/f.ts → core/x.ts",
    "plugins/models/c.ts → plugins/decompositions/mpo.ts",
    "plugins/models/d.ts → core/x.ts",
    "tasks/e.ts → @opf/framework/plugins",
  ]);
  await Deno.remove(root, { recursive: true });
});

Deno.test("a circle is found, also one of types alone", async () => {
  const root = await makeTree({
    "core/io/a.ts": 'import type { B } from "./b.ts";',
    "core/io/b.ts": 'import type { C } from "./c.ts";\nimport "./d.ts";',
    "core/io/c.ts": 'export * from "./a.ts";\nimport "./d.ts";',
    "core/io/d.ts": "",
    "plugins/scores/e.ts": 'import { f } from "./f.ts";',
    "plugins/scores/f.ts": 'import { e } from "./e.ts";',
  });
  assertEquals(circles(root), [
    "core/io/a.ts → core/io/b.ts → core/io/c.ts → core/io/a.ts",
    "plugins/scores/e.ts → plugins/scores/f.ts → plugins/scores/e.ts",
  ]);
  await Deno.remove(root, { recursive: true });
});

Deno.test("a test without a file and without a first line about it is found", async () => {
  const root = await makeTree({
    "core/io/a.ts": "",
    "plugins/models/_b.ts": "",
    "tests/core/io/a_test.ts": "",
    "tests/core/io/b_test.ts": 'import "../../core/io/a.ts";',
    "tests/core/io/_b.ts": "",
    "tests/core/run/a_test.ts": 'import "x";\n// Together: too late',
    "tests/core/run/c_test.ts": "// Together: core/io/a.ts and plugins/models/_b.ts.",
    "tests/core/run/d_test.ts": "// Together: ",
    "tests/plugins/models/b_test.ts": "",
  });
  assertEquals(unplacedTests(root), [
    "tests/core/io/b_test.ts",
    "tests/core/run/a_test.ts",
    "tests/core/run/d_test.ts",
  ]);
  await Deno.remove(root, { recursive: true });
});
