/**
 * `glue-minilm` with each method at its own best learning rates.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import glueMinilm from "./glue_minilm.ts";

export default defineExperiment({
  name: "glue-minilm-tuned",
  extends: glueMinilm,
  description:
    "The comparison of glue-minilm with each method at its best learning rates on each task, chosen on a held-out tenth " +
    "of the training examples: first the rate of dense parameters, then, for methods that train factors, theirs.",
  tune: {
    "training.learningRate": [5e-5, 1e-4, 2e-4, 4e-4],
    "training.factorLearningRate": [5e-6, 1e-5, 2e-5, 5e-5],
  },
  search: "sequential",
});
