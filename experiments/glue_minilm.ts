/**
 * OPF and its controls on GLUE's small tasks with all-MiniLM-L6-v2.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { sixMethods } from "./_six_methods.ts";

export default defineExperiment({
  name: "glue-minilm",
  description:
    "Does over-parameterizing three matrices of each module help, compared with the same matrices frozen, or dense " +
    "with a matched learning rate? SST-2 and WNLI on request: --tasks sst2,wnli.",
  models: ["sentence-transformers/all-MiniLM-L6-v2"],
  tasks: ["rte", "mrpc", "cola", "stsb"],
  seeds: [1, 2, 3, 4, 5],
  training: {
    epochs: 3,
    batchSize: 32,
    learningRate: 1e-4,
    factorLearningRate: 2e-5,
    maxLength: 128,
    scoreExamples: 1024,
  },
  parameters: { tensors: 11, n: 3 },
  methods: sixMethods,
});
