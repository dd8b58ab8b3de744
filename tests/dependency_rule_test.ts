import { assertEquals } from "@std/assert";
import { dirname, relative } from "node:path";

const ROOT = new URL("../", import.meta.url).pathname;
const IMPORT = /(?:\bfrom|\bimport\s*\(?)\s*["']([^"']+)["']/g;

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

/** Arrows that the design forbids. */
function forbidden({ from, to }: Arrow): boolean {
  const [room, kind] = from.split("/");
  if (room === "core") {
    return !to.startsWith("core/") && (to.startsWith("@opf/") || /^(plugins|tasks|experiments|main)/.test(to));
  }
  if (room === "experiments") return /^(core|plugins|tasks|main)\//.test(to);
  if (to.startsWith("@opf/")) return to !== "@opf/framework";
  if (!/^(core|plugins|tasks|experiments|main|mod)\b/.test(to)) return false; // a package
  if (room === "tasks") return !to.startsWith("tasks/");
  const [otherRoom, other] = to.split("/");
  // Within its kind; helpers of all kinds begin with an underscore; mod.ts lists all.
  return otherRoom !== "plugins" || (other !== kind && !other!.startsWith("_") && kind !== "mod.ts");
}

const wrong = (root: string) =>
  [...arrows(root, ["core", "plugins", "tasks", "experiments"])].filter(forbidden).map(({ from, to }) =>
    `${from} → ${to}`
  );

Deno.test("core knows no plugin, plugins and tasks know core by its public name, and not each other", () => {
  assertEquals(wrong(ROOT), []);
});

Deno.test("an arrow the other way is seen", async () => {
  const root = `${await Deno.makeTempDir()}/`;
  const files: Record<string, string> = {
    "core/a.ts": 'import { mpo } from "../plugins/decompositions/mpo.ts";',
    "core/b.ts": 'const later = await import("@opf/framework/plugins");\nimport "./a.ts";',
    "plugins/models/c.ts": 'export * from "../decompositions/mpo.ts";\nimport "../_helper.ts";\nimport "./d.ts";',
    "plugins/models/d.ts": 'import type { X } from "../../core/x.ts";\nimport { tf } from "@opf/framework";',
    "tasks/e.ts": 'import { bert } from "@opf/framework/plugins";\nimport { z } from "zod";',
    "experiments/f.ts": 'import { x } from "../core/x.ts";\nimport { bert } from "@opf/framework/plugins";',
  };
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(root + path), { recursive: true });
    await Deno.writeTextFile(root + path, text);
  }
  assertEquals(wrong(root).toSorted(), [
    "core/a.ts → plugins/decompositions/mpo.ts",
    "core/b.ts → @opf/framework/plugins",
    "experiments/f.ts → core/x.ts",
    "plugins/models/c.ts → plugins/decompositions/mpo.ts",
    "plugins/models/d.ts → core/x.ts",
    "tasks/e.ts → @opf/framework/plugins",
  ]);
  await Deno.remove(root, { recursive: true });
});
