import { assertEquals } from "@std/assert";
import { axisOf } from "../../../../core/report/charts/sweep.ts";

Deno.test("a swept setting's axis is logarithmic if that spreads its values more evenly", () => {
  const isLogarithmic = (values: readonly number[]) =>
    (axisOf(values) as { scale: { type?: string } }).scale.type === "log";
  for (const values of [[5e-5, 1e-4, 2e-4], [1e-4, 1e-5, 1e-3], [5e-6, 1e-5, 3e-5, 5e-5, 1e-4], [1, 2, 4, 8]]) {
    assertEquals(isLogarithmic(values), true, String(values));
  }
  for (const values of [[1, 2, 3, 4], [0, 10, 100], [-1, 1, 10], [1e-5, 2e-5], [12, 11, 10, 9, 8, 7]]) {
    assertEquals(isLogarithmic(values), false, String(values));
  }
});
