/**
 * The paper's headline question: is a small model with OPF as good as a larger one without?
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { bert } from "@opf/framework/plugins";
import glueMinilm from "../glue_minilm.ts";

const source = "sentence-transformers/all-MiniLM-L6-v2";

export default defineExperiment({
  name: "ablations/size",
  description:
    "The first 2 and the first 3 layers of the encoder with OPF, against all 6 layers without: an encoder three times and " +
    "twice as large. The 6-layer runs, with and without OPF, are those of glue-minilm.",
  models: [bert({ source, layers: 2 }), bert({ source, layers: 3 }), source],
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
});
