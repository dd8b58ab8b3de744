/**
 * The learning rate: does over-parameterization gain more than another learning rate would?
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import controls from "./controls.ts";

export default defineExperiment({
  name: "ablations/learning-rate",
  description:
    "All six methods at three learning rates of dense parameters; factors learn at 2e-5. The runs at 1e-4 are those of " +
    "ablations/controls. Other tasks and models on request: --tasks, --models.",
  models: controls.models,
  tasks: controls.tasks,
  seeds: [1],
  training: controls.training!,
  parameters: controls.parameters,
  methods: (parameters) => {
    const { "OPF-MPO static, eq. 6": _, ...six } = controls.methods(parameters);
    return six;
  },
  sweep: { "training.learningRate": [5e-5, 1e-4, 2e-4] },
});
