// Together: docs/*.md and the framework, by the listings of the guides.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { inTinyFolder, run } from "../core/cli/_command.ts";
import type { Result } from "../../core/results/result.ts";

/** The TypeScript listings of a guide, in order. */
async function listings(name: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(`../../docs/${name}.md`, import.meta.url));
  return [...text.matchAll(/```ts[^\n]*\n([\s\S]*?)```/g)].map(([, listing]) => listing!);
}

Deno.test("the guide to decompositions ends in a measured run", () =>
  inTinyFolder(async (folder) => {
    const [plugin, experiment] = await listings("writing_a_decomposition");
    await Deno.writeTextFile(`${folder}/weight_norm.ts`, plugin!);
    await Deno.writeTextFile(`${folder}/mine.ts`, experiment!);
    const checked = await run(["check-plugin", "./weight_norm.ts"], folder);
    assertEquals(checked.code, 0, checked.out + checked.err);
    assertStringIncludes(checked.out, "ok      weightNorm (decomposition)");
    const small = ["--models", "./model", "--tasks", "sst2", "--data", "data", "--runs", "runs", "--seeds", "1"];
    const settings = ["--set", "training.maxLength=16", "--set", "training.maxSteps=2"];
    const { code, out, err } = await run(["reproduce", "./mine.ts", ...small, ...settings, "--json"], folder);
    assertEquals(code, 0, err);
    const [, own] = JSON.parse(out).results as Result[];
    assertEquals([own!.method, own!.status, own!.selected.length], ["weight norm", "done", 12]);
  }));

Deno.test("the guide to policies gives plugins that keep their promises", () =>
  inTinyFolder(async (folder) => {
    const [plugin] = await listings("writing_a_policy");
    await Deno.writeTextFile(`${folder}/choice.ts`, plugin!);
    const { code, out, err } = await run(["check-plugin", "./choice.ts"], folder);
    assertEquals(code, 0, out + err);
    assertStringIncludes(out, "ok      steadiness (score)");
    assertStringIncludes(out, "ok      everySecondLayer (policy)");
  }));
