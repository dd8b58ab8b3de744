import { assertAlmostEquals, assertEquals } from "@std/assert";
import { holm } from "../../../core/statistics/holm.ts";

const { holm: cases }: { holm: readonly { values: readonly number[]; adjusted: readonly number[] }[] } = JSON.parse(
  await Deno.readTextFile(new URL("../../fixtures/statistics.json", import.meta.url)),
);

Deno.test("Holm's values are statsmodels'", () => {
  assertEquals(cases.length >= 6, true);
  for (const { values, adjusted } of cases) {
    const found = holm(values);
    assertEquals(found.length, adjusted.length);
    found.forEach((value, at) => assertAlmostEquals(value, adjusted[at]!, 1e-12));
  }
  assertEquals(holm([]), []);
});
