// Together: core/statistics/difference.ts and tools/comparison_levels.ts, in simulations (docs/statistics.md has larger ones).
import { accuracy, matthews } from "@opf/framework/tasks";
import { assert } from "@std/assert";
import { LEVELS, Random, simulate } from "../../../tools/comparison_levels.ts";

const TRIALS = 1500;

/** Most false finds that a level of 1.3 times the nominal one leaves, but for one simulation in a thousand. */
const most = (level: number) => 1.3 * level + 3.1 * Math.sqrt(1.3 * level / TRIALS);

for (const [metric, seeds, deviation] of [[accuracy, 3, 0], [accuracy, 5, 0.15], [matthews, 3, 0.06]] as const) {
  Deno.test(`${metric.name}, ${seeds} seeds that vary by ${100 * deviation} points: chance is not taken for a difference`, () => {
    const setting = { metric, seeds, deviation, examples: 150, trials: TRIALS };
    const { found, examplesOnly } = simulate({ ...setting, effect: 0, random: new Random(1) });
    LEVELS.forEach((level, index) => assert(found![index]! < most(level), `${level}: ${found}`));
    // A test that does not count seeds fails where they vary.
    assert(deviation === 0 || examplesOnly[0]! > 0.1, `${examplesOnly}`);
  });
}

Deno.test("a difference much larger than its error is found", () => {
  const setting = { metric: accuracy, seeds: 5, deviation: 0.03, examples: 400, trials: 100 };
  const { found } = simulate({ ...setting, effect: 0.12, random: new Random(2) });
  assert(found![0]! > 0.9, `${found}`);
  assert(found![1]! > 0.6, `${found}`);
});
