/**
 * The learning rate of the factors.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { controls, pickMethods } from "./_controls.ts";

const RATES = [2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4];

export default defineExperiment({
  name: "ablations/factor-learning-rate",
  description:
    "Methods that train factors, at six learning rates of the factors; dense parameters learn at 1e-4. Plain " +
    "fine-tuning, which has no factors, for comparison. The runs at 2e-5 are those of ablations/controls.",
  ...controls,
  parameters: { ...controls.parameters, rate: 0 },
  methods: ({ rate, ...parameters }) => {
    if (rate === 0) return pickMethods(parameters, ["fine-tuning"]);
    const methods = pickMethods(parameters, ["OPF-SVD", "OPF-MPO static", "OPF-MPO dynamic"]);
    const training = { factorLearningRate: rate as number };
    return Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, { ...method, training }]));
  },
  sweep: [{}, ...RATES.map((rate) => ({ "parameters.rate": rate }))],
});
