/**
 * Over-parameterization, or just a larger step? Every method and its controls on half of all-MiniLM-L6-v2.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { bert, mpo, staticTop, zeroing } from "@opf/framework/plugins";
import { sixMethods } from "../_six_methods.ts";

export default defineExperiment({
  name: "ablations/controls",
  models: [bert({ source: "sentence-transformers/all-MiniLM-L6-v2", layers: 3 })],
  tasks: ["mrpc"],
  seeds: [1, 2, 3],
  training: {
    epochs: 3,
    batchSize: 32,
    learningRate: 1e-4,
    factorLearningRate: 2e-5,
    maxLength: 128,
    scoreExamples: 1024,
  },
  parameters: { tensors: 11, n: 1 },
  methods: ({ tensors, n }) => {
    const { "OPF-MPO dynamic": dynamic, ...others } = sixMethods({ tensors, n });
    const policy = staticTop({ n, by: "module", score: zeroing() });
    return {
      ...others,
      "OPF-MPO static, eq. 6": { decomposition: mpo({ tensors }), policy },
      "OPF-MPO dynamic": dynamic,
    };
  },
});
