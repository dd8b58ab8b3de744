// Together: every plugin and core/check/module.ts.
import { dynamicTop, fisher, staticTop, taylor } from "@opf/framework/plugins";
import { assert, assertEquals } from "@std/assert";
import { checkModule } from "../../core/check/module.ts";

const PLUGINS = new URL("../../plugins/", import.meta.url);
const KINDS = ["decompositions", "policies", "scores"];
const NO_PLUGIN = ["decompositions/mpo_scale.ts"]; // computes options of mpo()

const files = KINDS.flatMap((kind) =>
  [...Deno.readDirSync(new URL(kind, PLUGINS))].map(({ name }) => `${kind}/${name}`)
    .filter((path) => path.endsWith(".ts") && !path.includes("/_") && !NO_PLUGIN.includes(path))
).toSorted();

for (const path of files) {
  Deno.test(`${path} passes check-plugin by itself`, async () => {
    const { results } = await checkModule(await import(new URL(path, PLUGINS).href));
    assert(results.length > 0);
    assertEquals(results.filter(({ problem }) => problem), []);
  });
}

Deno.test("policies keep every promise with scores that need gradients", async () => {
  const score = taylor();
  const examples = [
    staticTop({ n: 2, score }),
    dynamicTop({ n: 3, perRound: 2, score }),
    dynamicTop({ n: 2, firstRound: "before", every: { steps: 3 }, score: fisher() }),
  ];
  const { results } = await checkModule({ examples });
  assertEquals(new Set(results.map((result) => result.export)).size, examples.length);
  assertEquals(results.filter(({ problem }) => problem), []);
});
