/**
 * The factors' own learning rate.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { controls, some } from "./_controls.ts";

const RATES = [2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4];

export default defineExperiment({
  name: "ablations/factor-learning-rate",
  description:
    "Methods that train factors, at six rates of the factors; all else learns at 1e-4. Plain fine-tuning, which " +
    "has no factors, stands beside them. The runs at 2e-5 are those of ablations/controls.",
  ...controls,
  parameters: { ...controls.parameters, rate: 0 },
  methods: ({ rate, ...parameters }) => {
    if (rate === 0) return some(parameters, ["fine-tuning"]);
    const trained = some(parameters, ["OPF-SVD", "OPF-MPO static", "OPF-MPO dynamic"]);
    const training = { factorLearningRate: rate as number };
    return Object.fromEntries(Object.entries(trained).map(([name, method]) => [name, { ...method, training }]));
  },
  sweep: [{}, ...RATES.map((rate) => ({ "parameters.rate": rate }))],
});
