import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { memoryAdvice } from "../../../core/training/memory_advice.ts";
import { TRAINING_DEFAULTS } from "../../../core/training/settings.ts";

const advice = (batchSize: number, gradientAccumulationSteps: number) =>
  memoryAdvice({ ...TRAINING_DEFAULTS, batchSize, gradientAccumulationSteps });

Deno.test("memoryAdvice() keeps the examples of a step, in smaller batches", () => {
  for (let batchSize = 2; batchSize <= 50; batchSize++) {
    for (const steps of [1, 3]) {
      const [size, accumulation] = [...advice(batchSize, steps).matchAll(/training\.\w+=(\d+)/g)].map(([, n]) =>
        Number(n)
      );
      assertEquals(size! * accumulation!, batchSize * steps);
      assertLess(size!, batchSize);
    }
  }
});

Deno.test("memoryAdvice() names other settings where no batch is smaller", () =>
  assertStringIncludes(advice(1, 4), "training.maxLength"));
