/**
 * OPF on GLUE's small tasks with all-MiniLM-L6-v2.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { mpo, staticTop, taylor } from "@opf/framework/plugins";

export default defineExperiment({
  name: "glue-minilm",
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
  methods: ({ tensors, n }) => ({
    "fine-tuning": {},
    "OPF-MPO static": { decomposition: mpo({ tensors }), policy: staticTop({ n, by: "module", score: taylor() }) },
  }),
});
