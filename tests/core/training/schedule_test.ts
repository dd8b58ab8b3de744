import { rateAt } from "@opf/framework";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { fc } from "../../_properties.ts";

// Transformers' own rates are in adamw_test.ts, where they drive AdamW.

const schedules = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 200 })).map(([warmupSteps, decaySteps]) => ({
  warmupSteps,
  totalSteps: warmupSteps + decaySteps,
}));

Deno.test("rateAt() rises linearly to 1, decays linearly, and would be 0 after the last step", () =>
  fc.assert(fc.property(schedules, (schedule) => {
    const { warmupSteps, totalSteps } = schedule;
    const rates = Array.from({ length: totalSteps + 1 }, (_, step) => rateAt(step, schedule));
    assertEquals([rates[warmupSteps], rates[totalSteps]], [1, 0]);
    assert(rates.slice(0, totalSteps).every((rate, step) => rate > 0 || (step === 0 && warmupSteps > 0)));
    for (let step = 1; step <= totalSteps; step++) {
      const change = step <= warmupSteps ? 1 / warmupSteps : -1 / (totalSteps - warmupSteps);
      assertAlmostEquals(rates[step]! - rates[step - 1]!, change, 1e-12);
    }
  })));

Deno.test("rateAt() accepts schedules without warm-up, of warm-up alone, and steps beyond the last", () => {
  assertEquals(rateAt(0, { warmupSteps: 0, totalSteps: 4 }), 1);
  assertEquals([0, 1, 2, 3].map((step) => rateAt(step, { warmupSteps: 3, totalSteps: 3 })), [0, 1 / 3, 2 / 3, 0]);
  assertEquals(rateAt(9, { warmupSteps: 1, totalSteps: 4 }), 0);
});
