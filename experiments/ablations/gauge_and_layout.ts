/**
 * How an operator is written: where the singular values go, and how the modes are spread.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { mpo } from "@opf/framework/plugins";
import { controls, some } from "./_controls.ts";

export default defineExperiment({
  name: "ablations/gauge-and-layout",
  description:
    "The static strategy with both gauges and both layouts of the modes. Modes that are spread evenly make " +
    "operators of other sizes: the table says how many parameters.",
  ...controls,
  methods: (parameters) => {
    const { tensors } = parameters as { tensors: number };
    const { "OPF-MPO static": opf, ...others } = some(parameters, ["fine-tuning", "OPF-MPO static"]);
    const written = (options: Parameters<typeof mpo>[0]) => ({ ...opf!, decomposition: mpo({ tensors, ...options }) });
    return {
      ...others,
      "symmetric, ends": written({}),
      "left, ends": written({ gauge: "left" }),
      "symmetric, balanced": written({ layout: "balanced" }),
      "left, balanced": written({ layout: "balanced", gauge: "left" }),
    };
  },
});
