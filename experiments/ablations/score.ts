/**
 * What says which matrices matter: does it matter?
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { fisher, magnitude, mpo, randomScore, staticTop, taylor, zeroing } from "@opf/framework/plugins";
import { controls, some } from "./_controls.ts";

export default defineExperiment({
  name: "ablations/score",
  description: "The static strategy with matrices chosen by other scores, one of each module; random is the control.",
  ...controls,
  methods: (parameters) => {
    const { tensors, n } = parameters as { tensors: number; n: number };
    const by = (score: Parameters<typeof staticTop>[0]["score"]) => ({
      decomposition: mpo({ tensors }),
      policy: staticTop({ n, by: "module", score }),
    });
    return {
      ...some(parameters, ["fine-tuning", "frozen"]),
      "eq. 7, |Σ g·w|": by(taylor()),
      "eq. 7, Σ |g·w|": by(taylor({ reduce: "sum-abs" })),
      "eq. 6": by(zeroing()),
      "as released": by(fisher()),
      "magnitude": by(magnitude()),
      "random": by(randomScore()),
    };
  },
});
