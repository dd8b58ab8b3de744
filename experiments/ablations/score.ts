/**
 * Does the importance score matter?
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { fisher, magnitude, mpo, randomScore, staticTop, taylor, zeroing } from "@opf/framework/plugins";
import { controls, pickMethods } from "./_controls.ts";

export default defineExperiment({
  name: "ablations/score",
  description:
    "The static strategy with different importance scores, one matrix of each module; the random score is the control.",
  ...controls,
  methods: (parameters) => {
    const { tensors, n } = parameters as { tensors: number; n: number };
    const by = (score: Parameters<typeof staticTop>[0]["score"]) => ({
      decomposition: mpo({ tensors }),
      policy: staticTop({ n, by: "module", score }),
    });
    return {
      ...pickMethods(parameters, ["fine-tuning", "frozen"]),
      "eq. 7, |Σ g·w|": by(taylor()),
      "eq. 7, Σ |g·w|": by(taylor({ reduce: "sum-abs" })),
      "eq. 6": by(zeroing()),
      "as released": by(fisher()),
      "magnitude": by(magnitude()),
      "random": by(randomScore()),
    };
  },
});
