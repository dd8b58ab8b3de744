import * as plugins from "@opf/framework/plugins";
import { assert, assertEquals } from "@std/assert";
import { checkModule } from "../../core/check/module.ts";

const {
  dense,
  dynamicTop,
  fisher,
  frozen,
  kronecker,
  lora,
  loraOver,
  mpo,
  named,
  random,
  staticTop,
  svd,
  taylor,
  tucker,
} = plugins;
const score = taylor();

/** With arguments, beside what can be called without any. */
const EXAMPLES: readonly { readonly name: string; readonly options: unknown }[] = [
  mpo({ tensors: 1 }),
  mpo({ tensors: 2, gauge: "left" }),
  mpo({ tensors: 4, layout: "balanced" }),
  mpo({ tensors: 3, bond: 2 }),
  mpo({ tensors: 3, tolerance: 0.3 }),
  svd({ layout: "paper" }),
  frozen({ of: mpo({ tensors: 3 }), asReleased: true }),
  dense({ rate: 3 }),
  kronecker({ terms: 2 }),
  tucker({ rank: 2 }),
  lora({ rank: 2, alpha: 4 }),
  loraOver({ rank: 2, tensors: 4 }),
  named(["*.layer.1.*"]),
  random({ n: 1, by: "kind" }),
  staticTop({ n: 2, score }),
  staticTop({ n: 2, score, by: "asReleased" }),
  dynamicTop({ n: 3, perRound: 2, score }),
  dynamicTop({ n: 2, firstRound: "before", every: { steps: 3 }, score: fisher() }),
  taylor({ reduce: "sum-abs" }),
];

for (const example of EXAMPLES) {
  Deno.test(`${example.name} ${JSON.stringify(example.options)} keeps every promise of its kind`, async () => {
    const { results, skipped } = await checkModule({ examples: [example] });
    assert(results.length > 0 && skipped.length === 0);
    assertEquals(results.filter(({ problem }) => problem), []);
  });
}

Deno.test("every plugin that needs no arguments keeps every promise of its kind", async () => {
  const { results } = await checkModule(plugins);
  assertEquals(results.filter(({ problem }) => problem), []);
  const names = new Set(results.map((result) => result.export));
  for (
    const name of ["mpo()", "svd()", "frozen()", "lora()", "tucker()", "all()", "taylor()", "zeroing()", "fisher()"]
  ) {
    assert(names.has(name), name);
  }
});
