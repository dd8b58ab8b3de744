// Together: textToText, T5, its tokenizer, runs and submissions: a model learns to answer in words.
import type { Decode } from "@opf/framework/tasks";
import { assert, assertEquals, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import type { Prediction } from "../../core/results/predictions.ts";
import type { Result } from "../../core/results/result.ts";
import { writeTinyData } from "../_tiny.ts";
import { writeTinyT5 } from "../_tiny_t5.ts";
import { run } from "../core/cli/_command.ts";

const EXPERIMENT = (folder: string, decode: Decode) => `
import { defineExperiment } from "@opf/framework";
import { mpo, staticTop, taylor } from "@opf/framework/plugins";
import { glueWords, sst2, textToText } from "@opf/framework/tasks";

export default defineExperiment({
  name: "tiny-t5",
  models: ["${folder}/model"],
  tasks: [textToText(sst2, { ...glueWords.sst2, maxLength: 4, decode: "${decode}" })],
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

async function inFolder(decode: Decode, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await writeTinyT5(`${folder}/model`);
    await writeTinyData(`${folder}/data`, { train: 96, dev: 24 });
    await Deno.writeTextFile(`${folder}/tiny.ts`, EXPERIMENT(folder, decode));
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const reproduce = async (folder: string, words: readonly string[] = []): Promise<Result[]> => {
  const args = ["reproduce", "tiny.ts", "--data", "data", "--runs", "runs", "--json", "--keep-models", ...words];
  const { code, out, err } = await run(args, folder);
  assertEquals(code, 0, err);
  return JSON.parse(out).results;
};

const readPredictions = async (folder: string, id: string) =>
  (await Deno.readTextFile(`${folder}/runs/${id}/predictions.jsonl`)).trimEnd().split("\n")
    .map((line) => JSON.parse(line) as Prediction);

/** The lines that a run would submit for its dev set as a test set, and what the command printed. */
async function submission(folder: string, id: string) {
  const dev = (await Deno.readTextFile(`${folder}/data/sst2/dev.tsv`)).trimEnd().split("\n");
  const bare = dev.map((line) => line.split("\t").slice(0, -1).join("\t") + "\n").join("");
  await Deno.writeTextFile(`${folder}/data/sst2/test.tsv`, bare);
  const words = ["export", id, id, "--runs", "runs", "--test-predictions", "--data", "data"];
  const { code, out, err } = await run(words, folder);
  assertEquals(code, 0, err);
  const lines = (await Deno.readTextFile(`${folder}/${id}/SST-2.tsv`)).trimEnd().split("\n").slice(1);
  return { out, submitted: lines.map((line) => Number(line.split("\t")[1])) };
}

Deno.test("a T5 ranks the words of the labels, submits its answers, and generates none", () =>
  inFolder("rank", async (folder) => {
    const [result] = await reproduce(folder, ["--methods", "fine-tuning"]) as [Result];
    assertEquals(result.unlabeledAnswers, undefined);
    assert(result.metrics.accuracy! > 0.9, `accuracy ${result.metrics.accuracy}`);
    const predictions = await readPredictions(folder, result.id);
    for (const { logits, prediction, text } of predictions) {
      assertEquals([prediction, text], [logits!.indexOf(Math.max(...logits!)), undefined]);
      assert(logits!.every((score) => score < 0));
    }
    const { submitted, out } = await submission(folder, result.id);
    assertEquals(submitted, predictions.map(({ prediction }) => prediction));
    assert(!out.includes("no label"), out);
    const table = await run(["report", "tiny-t5", "--runs", "runs"], folder);
    assertStringIncludes(table.out, "1 run answered with the label's word of the largest log-probability");
  }));

Deno.test("texts that are no label are counted in the result, the report and the submission", () =>
  inFolder("greedy", async (folder) => {
    const still = ["--methods", "fine-tuning", "--set", "training.epochs=1", "--set", "training.learningRate=1e-9"];
    const [{ id, unlabeledAnswers, metrics }] = await reproduce(folder, still) as [Result];
    assertEquals([unlabeledAnswers, metrics.accuracy], [24, 0]);
    const { submitted, out } = await submission(folder, id);
    assertEquals(new Set(submitted), new Set([0]));
    assertStringIncludes(out, "SST-2.tsv: 24 of the generated texts are no label");
    const table = await run(["report", "tiny-t5", "--runs", "runs"], folder);
    assertStringIncludes(table.out, "texts that are no label count as wrong: 24 of ");
  }));

Deno.test("a T5 learns to answer a task in words, plain and with OPF, and merges", () =>
  inFolder("greedy", async (folder) => {
    const results = await reproduce(folder);
    assertEquals(results.length, 3);
    for (const { id, metrics, method, selected, merge, unlabeledAnswers } of results) {
      const predictions = await readPredictions(folder, id);
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
    const [{ id }] = results as [Result];
    const { submitted } = await submission(folder, id);
    assertEquals(submitted, (await readPredictions(folder, id)).map(({ prediction }) => prediction));
  }));
