/**
 * The dynamic strategy's first round: after a stretch of training, or before any.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { dynamicTop, mpo, taylor } from "@opf/framework/plugins";
import { controls, some } from "./_controls.ts";

export default defineExperiment({
  name: "ablations/first-round",
  description:
    "Two matrices of each module, one a round: the first round after a quarter of the run and the second after " +
    "half, as the paper has it; or at once and after a quarter, as in the released code; or, static, both at once.",
  ...controls,
  parameters: { ...controls.parameters, n: 2 },
  methods: (parameters) => {
    const { tensors, n } = parameters as { tensors: number; n: number };
    const first = (firstRound: "before" | "after") => ({
      decomposition: mpo({ tensors }),
      policy: dynamicTop({ n, firstRound, by: "module", score: taylor() }),
    });
    return {
      ...some(parameters, ["fine-tuning", "OPF-MPO static"]),
      "OPF-MPO dynamic, first after": first("after"),
      "OPF-MPO dynamic, first before": first("before"),
    };
  },
});
