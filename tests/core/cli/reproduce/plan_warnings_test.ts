import { assertEquals, assertMatch } from "@std/assert";
import { planWarnings } from "../../../../core/cli/reproduce/plan_warnings.ts";
import type { RunOutline } from "../../../../core/run/run_spec.ts";
import { TRAINING_DEFAULTS, type TrainingOptions } from "../../../../core/training/settings.ts";
import { inTinyFolder, run } from "../_command.ts";

const matrices = [{ name: "m", kind: "ffn", module: "m", layer: 0, shape: [1000, 1000] }];

const outline = (training: TrainingOptions = {}, label = "fine-tuning"): RunOutline =>
  ({
    architecture: { matrices, parameters: matrices },
    trainingExamples: 100,
    steps: 10,
    spec: { task: { name: "rte" }, label, seed: 1, training: { ...TRAINING_DEFAULTS, ...training }, method: {} },
  }) as unknown as RunOutline;

Deno.test("planWarnings() says once of each task that its batches are larger than its training data", () => {
  assertEquals(
    planWarnings([outline({ batchSize: 100 }), outline({ batchSize: 25, gradientAccumulationSteps: 4 })], {}),
    [],
  );
  assertEquals(planWarnings([outline({ batchSize: 101 }), outline({ batchSize: 101 }, "OPF")], {}), [
    "rte: training.batchSize 101 is more than the 100 training examples, so that an epoch is one step.",
  ]);
  assertEquals(planWarnings([outline({ batchSize: 26, gradientAccumulationSteps: 4 })], {}), [
    "rte: 4 batches of 26 are more than the 100 training examples, so that an epoch is one step.",
  ]);
});

Deno.test("planWarnings() names the run that needs most, where the machine has less memory", () => {
  const runs = [outline({ batchSize: 10 }), outline({ batchSize: 100 }, "OPF")];
  assertEquals(planWarnings(runs, { memoryBytes: 1e10 }), []);
  assertEquals(planWarnings(runs, {}), []);
  const [sentence, ...more] = planWarnings(runs, { memoryBytes: 1.05e9 });
  assertMatch(
    sentence!,
    /^1 run needs more memory than the 1\.\d GB of this machine: rte, OPF, seed 1 about 1\.1 GB\.$/,
  );
  assertEquals(more, []);
  assertMatch(
    planWarnings(runs, { memoryBytes: 1e9 })[0]!,
    /^2 runs need more memory than the 1\.0 GB of this machine: rte, OPF, /,
  );
});

Deno.test("reproduce --dry-run warns of an absurd batch size, and plans the runs", () =>
  inTinyFolder(async (folder) => {
    const words = ["--data", "data", "--set", "training.batchSize=1000000000", "--dry-run"];
    const { code, out, err } = await run(["reproduce", "tiny.ts", ...words], folder);
    assertEquals(code, 0, err);
    const [batch, memory] = err.trimEnd().split("\n");
    assertMatch(
      batch!,
      /^sst2: training\.batchSize 1000000000 is more than the \d+ training examples, so that an epoch is one step\.$/,
    );
    assertMatch(
      memory!,
      /^2 runs need more memory than the \d+\.\d GB of this machine: sst2, .*, seed 1 about \d+\.\d GB\.$/,
    );
    assertMatch(out, /^tiny: 2 runs/);
  }));
