// Together: textToText, T5, its tokenizer and a run: a model learns to answer in words.
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import type { Prediction } from "../../core/results/predictions.ts";
import type { Result } from "../../core/results/result.ts";
import { writeTinyData } from "../_tiny.ts";
import { writeTinyT5 } from "../_tiny_t5.ts";
import { run } from "../core/cli/_command.ts";

const EXPERIMENT = (folder: string) => `
import { defineExperiment } from "@opf/framework";
import { mpo, staticTop, taylor } from "@opf/framework/plugins";
import { glueWords, sst2, textToText } from "@opf/framework/tasks";

export default defineExperiment({
  name: "tiny-t5",
  models: ["${folder}/model"],
  tasks: [textToText(sst2, { ...glueWords.sst2, maxLength: 4 })],
  seeds: [1],
  training: { epochs: 12, batchSize: 16, learningRate: 1e-2, factorLearningRate: 5e-3, maxLength: 24 },
  methods: {
    "fine-tuning": {},
    "OPF-MPO static": { decomposition: mpo({ tensors: 3 }), policy: staticTop({ n: 1, score: taylor() }) },
    "OPF-MPO decoder": {
      decomposition: mpo({ tensors: 3 }),
      policy: staticTop({ n: 1, stack: "decoder", score: taylor() }),
    },
  },
});
`;

Deno.test("a T5 learns to answer a task in words, plain and with OPF, and merges", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await writeTinyT5(`${folder}/model`);
    await writeTinyData(`${folder}/data`, { train: 96, dev: 24 });
    await Deno.writeTextFile(`${folder}/tiny.ts`, EXPERIMENT(folder));
    const args = ["reproduce", "tiny.ts", "--data", "data", "--runs", "runs", "--json", "--keep-models"];
    const { code, out, err } = await run(args, folder);
    assertEquals(code, 0, err);
    const { results } = JSON.parse(out) as { results: Result[] };
    assertEquals(results.length, 3);
    for (const { id, metrics, method, selected, merge, unlabeledAnswers } of results) {
      const predictions = (await Deno.readTextFile(`${folder}/runs/${id}/predictions.jsonl`)).trimEnd().split("\n")
        .map((line) => JSON.parse(line) as Prediction);
      const classes = ["negative", "positive"];
      assert(predictions.every(({ logits, text }) => logits === undefined && text !== undefined));
      predictions.forEach(({ text, prediction }) => assertEquals(prediction, classes.indexOf(text!)));
      assertEquals(unlabeledAnswers, predictions.filter(({ prediction }) => prediction === -1).length);
      assert(metrics.accuracy! > 0.9, `${method}: accuracy ${metrics.accuracy}`);
      assertLessOrEqual(merge.maxLogitDifference, 0.01);
      const stacks = Map.groupBy(selected, ({ stack }) => stack);
      const expected = { "fine-tuning": [0, 0], "OPF-MPO static": [6, 10], "OPF-MPO decoder": [0, 10] }[method];
      assertEquals([stacks.get("encoder")?.length ?? 0, stacks.get("decoder")?.length ?? 0], expected, method);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
