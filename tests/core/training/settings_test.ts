import { assertEquals } from "@std/assert";
import { identifying, TRAINING_DEFAULTS } from "../../../core/training/settings.ts";

Deno.test("identifying() leaves out a setting that came later only at its default", () => {
  const { split: _, ...before } = TRAINING_DEFAULTS;
  assertEquals(identifying(TRAINING_DEFAULTS), before);
  const halves = { ...TRAINING_DEFAULTS, split: "dev-halves" } as const;
  assertEquals(identifying(halves), halves);
});
