// Together: core/cli/reproduce.ts and core/training/fine_tune.ts, with a learning rate that is too high.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Prediction } from "../../../../core/results/predictions.ts";
import type { Result } from "../../../../core/results/result.ts";
import { inTinyFolder, run } from "../_command.ts";
import { BACKEND } from "../_resumed.ts";

const COMMAND = ["reproduce", "tiny.ts", "--data", "data", "--threads", "1", ...BACKEND];
const RATES = ["--set", "training.learningRate=1e30", "--set", "training.factorLearningRate=1e30"];

// After one step the loss is finite and the model no longer is; after more the loss is not.
for (const steps of [1, 2, 6]) {
  Deno.test(`runs that diverge by step ${steps} are done, and predict a constant`, () =>
    inTinyFolder(async (folder) => {
      const words = [...COMMAND, ...RATES, "--set", `training.maxSteps=${steps}`, "--set", "training.warmupRatio=0"];
      const { code, out, err } = await run([...words, "--runs", "runs", "--json"], folder);
      assertEquals(code, 0, err);
      const { results } = JSON.parse(out) as { results: Result[] };
      assertEquals(results.map(({ method }) => method), ["fine-tuning", "OPF-MPO static"]);
      for (const { id, diverged, status, metrics } of results) {
        assertEquals([status, diverged], ["done", true], err);
        assert(Number.isFinite(metrics.accuracy));
        const lines = (await Deno.readTextFile(`${folder}/runs/${id}/predictions.jsonl`)).trimEnd().split("\n");
        const predictions = lines.map((line) => JSON.parse(line) as Prediction);
        assertEquals(new Set(predictions.map(({ prediction }) => prediction)).size, 1);
        assertEquals(predictions.filter(({ logits }) => logits).length, 0);
      }
      assertStringIncludes(err, "diverged");
      const again = await run([...words, "--runs", "runs"], folder);
      assertEquals(again.code, 0, again.err);
      assertStringIncludes(again.out, "2 runs diverged");
    }));
}
