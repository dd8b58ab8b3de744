/**
 * Every method on the practice tasks: minutes, no data, no network.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { bert, untrained } from "@opf/framework/plugins";
import { fileURLToPath } from "node:url";
import { sixMethods } from "./_six_methods.ts";

const practiceBert = bert({
  source: fileURLToPath(new URL("practice/model", import.meta.url)),
  title: "practice-bert",
});

export default defineExperiment({
  name: "quick",
  description:
    "Practice: four tasks generated from a small grammar, with a BERT pre-trained on text of the same grammar.",
  models: [practiceBert],
  tasks: ["practice-acceptability", "practice-sentiment", "practice-similarity", "practice-entailment"],
  seeds: [1, 2],
  training: {
    epochs: 3,
    batchSize: 32,
    learningRate: 1e-3,
    warmupRatio: 0.2, // with 0.1, every other seed stays at chance on sentiment
    factorLearningRate: 2e-4,
    maxLength: 24,
    scoreExamples: 256,
  },
  parameters: { tensors: 5, n: 1 },
  methods: sixMethods,
  referenceModel: untrained(practiceBert),
  workers: { jobs: 2, maxRetainedBytes: 2e9 },
  notes: [
    "These are practice data from a small grammar: they show that everything works and what results look like, and",
    "say nothing about GLUE. The ceiling is the score of the grammar's own labels against the noisy labels of the dev set.",
  ],
  next: ["glue-minilm --data FOLDER"],
});
