/**
 * The first round of the dynamic strategy: after a stretch of training, or before all training.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { dynamicTop, mpo, taylor } from "@opf/framework/plugins";
import { controls, pickMethods } from "./_controls.ts";

export default defineExperiment({
  name: "ablations/first-round",
  description:
    "Two matrices of each module, one per round: rounds after a quarter and after half of the run, as in the paper; " +
    "at the start and after a quarter, as in the released code; or, static, both at the start.",
  ...controls,
  parameters: { ...controls.parameters, n: 2 },
  methods: (parameters) => {
    const { tensors, n } = parameters as { tensors: number; n: number };
    const withFirstRound = (firstRound: "before" | "after") => ({
      decomposition: mpo({ tensors }),
      policy: dynamicTop({ n, firstRound, by: "module", score: taylor() }),
    });
    return {
      ...pickMethods(parameters, ["fine-tuning", "OPF-MPO static"]),
      "OPF-MPO dynamic, first after": withFirstRound("after"),
      "OPF-MPO dynamic, first before": withFirstRound("before"),
    };
  },
});
