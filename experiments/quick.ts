/**
 * Every method on practice tasks, in minutes, without data or network.
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
    "Practice: four tasks from a small grammar, and a BERT that was pre-trained on text of the same grammar.",
  models: [practiceBert],
  tasks: ["practice-acceptability", "practice-sentiment", "practice-similarity", "practice-entailment"],
  seeds: [1, 2],
  training: {
    epochs: 3,
    batchSize: 32,
    learningRate: 1e-3,
    warmupRatio: 0.2, // with a tenth, one seed in two stays at chance on sentiment
    factorLearningRate: 2e-4,
    maxLength: 24,
    scoreExamples: 256,
  },
  parameters: { tensors: 5, n: 1 },
  methods: (parameters) => sixMethods({ ...parameters, matchSteps: 10 }),
  ground: untrained(practiceBert),
  workers: { jobs: 2, maxRetainedBytes: 2e9 },
  notes: [
    "These are practice data, made from a small grammar: they show that everything works and what it looks like, and say",
    "nothing about GLUE. The ceiling is what the noise in the dev set's labels leaves to one who knows the grammar.",
  ],
  next: ["glue-minilm --data FOLDER"],
});
