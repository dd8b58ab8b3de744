// Together: experiments/quick_seq2seq.ts, the models of experiments/practice and core/cli/reproduce.ts.
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import type { ReferenceBaseline } from "../../core/results/reference_scores.ts";
import type { Result } from "../../core/results/result.ts";
import { inTinyFolder, run } from "../core/cli/_command.ts";
import { events } from "../core/cli/_processes.ts";

// One method and one seed, for two of the eight epochs.
Deno.test("quick-seq2seq: a T5 and a BART learn over-parameterized, and merge", () =>
  inTinyFolder(async (folder) => {
    const words = ["--methods", "OPF-MPO static", "--seeds", "1", "--set", "training.epochs=2"];
    const { code, out, err } = await run(["reproduce", "quick-seq2seq", ...words, "--runs", "runs", "--json"], folder);
    assertEquals(code, 0, err);
    const { results, grounds } = JSON.parse(out) as { results: Result[]; grounds: ReferenceBaseline[] };
    assertEquals(results.map(({ model }) => model), ["practice-t5, untrained", "practice-bart, untrained"]);
    const [{ majority }] = grounds as [ReferenceBaseline];
    for (const { id, model, metrics, selected, parameters, merge, unlabeledAnswers } of results) {
      // In so few epochs the T5 learns the labels' words for sure, and more only with some seeds.
      const losses = events(`${folder}/runs/${id}`).filter(({ type }) => type === "step").map(({ loss }) => loss);
      if (unlabeledAnswers !== undefined) assertLess(losses.at(-1)!, 0.8 * losses[0]!, model);
      else assertGreater(metrics.matthews!, majority + 0.1, model);
      assert(new Set(selected.map(({ stack }) => stack)).size === 2 && parameters.merged < parameters.training, model);
      assert(selected.some(({ module }) => /EncDecAttention|encoder_attn/.test(module!)), model);
      assert(merge.maxLogitDifference <= 0.01, `${model}: ${merge.maxLogitDifference}`);
    }
    // Only the T5 generates text.
    assertEquals(results.map(({ unlabeledAnswers }) => unlabeledAnswers !== undefined), [true, false]);
  }));
