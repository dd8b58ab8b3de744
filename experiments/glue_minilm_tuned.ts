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
    "The comparison of glue-minilm, each method on each task at the rates that are best for it: chosen on a tenth " +
    "of the training examples, first the rate of all else, then, for methods that train factors, the factors' rate.",
  tune: {
    "training.learningRate": [5e-5, 1e-4, 2e-4, 4e-4],
    "training.factorLearningRate": [5e-6, 1e-5, 2e-5, 5e-5],
  },
  search: "sequential",
});
