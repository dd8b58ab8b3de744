import { assertEquals } from "@std/assert";
import { approximateDuration, duration, millions } from "../../../core/cli/format.ts";

Deno.test("durations grow from seconds to hours, padded as a clock shows them", () => {
  assertEquals([0, 59.4, 59.6, 3599.6, 7384].map(duration), ["0 s", "59 s", "1:00", "1:00:00", "2:03:04"]);
});

Deno.test("estimates name their unit, whatever their size", () => {
  const texts = [1, 60, 61, 3599, 3600, 9000, 93_600, 286_751_517].map(approximateDuration);
  const hours = ["1 hour", "2.5 hours", "26 hours", "79,653 hours"];
  assertEquals(texts, ["1 min", "1 min", "2 min", "60 min", ...hours]);
});

Deno.test("counts are in millions", () => {
  assertEquals([110_000, 0].map(millions), ["0.11 M", "0.00 M"]);
});
