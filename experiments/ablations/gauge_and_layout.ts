/**
 * How an MPO is written: where the singular values go and how the modes are distributed.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { mpo } from "@opf/framework/plugins";
import { controls, pickMethods } from "./_controls.ts";

export default defineExperiment({
  name: "ablations/gauge-and-layout",
  description:
    "The static strategy with both gauges and both layouts of the modes. Balanced modes give MPOs of different sizes: " +
    "the table lists the numbers of parameters.",
  ...controls,
  methods: (parameters) => {
    const { tensors } = parameters as { tensors: number };
    const { "OPF-MPO static": opf, ...others } = pickMethods(parameters, ["fine-tuning", "OPF-MPO static"]);
    const opfWith = (options: Parameters<typeof mpo>[0]) => ({ ...opf!, decomposition: mpo({ tensors, ...options }) });
    return {
      ...others,
      "symmetric, ends": opfWith({}),
      "left, ends": opfWith({ gauge: "left" }),
      "symmetric, balanced": opfWith({ layout: "balanced" }),
      "left, balanced": opfWith({ layout: "balanced", gauge: "left" }),
    };
  },
});
