/**
 * The number of tensors at an equal number of parameters: is it the depth of the chain or its size?
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { type Modes, mpo } from "@opf/framework/plugins";
import { controls, pickMethods } from "./_controls.ts";

// A chain of m tensors whose inner modes are 1 has rows·columns + (m − 1)·D² parameters, where D is the bond dimension: first and
// last modes with a larger D make a shorter chain equally large. For [1536, 384] and [384, 384].
const MODES: Readonly<Record<number, readonly Modes[]>> = {
  5: [{ rows: [48, 32], columns: [16, 24] }, { rows: [24, 16], columns: [16, 24] }], // D = 768 and 384
  9: [{ rows: [48, 32], columns: [12, 32] }, { rows: [24, 16], columns: [12, 32] }], // D = 576 and 288
  19: [{ rows: [64, 24], columns: [24, 16] }, { rows: [32, 12], columns: [24, 16] }], // D = 384 and 192
};

export default defineExperiment({
  name: "ablations/tensors",
  description:
    "The static strategy with 5, 9, 11 and 19 tensors per matrix, with modes chosen so that all have about as many " +
    "parameters as 11 tensors (5: a tenth fewer; fewer than 5 cannot have as many). OPF-SVD, which is smaller, for comparison.",
  ...controls,
  parameters: { n: controls.parameters.n! },
  methods: ({ n }) => {
    const { "OPF-MPO static": opf, ...others } = pickMethods({ tensors: 11, n }, [
      "fine-tuning",
      "OPF-SVD",
      "OPF-MPO static",
    ]);
    const variants = Object.entries(MODES).map(([tensors, modes]) =>
      [`m = ${tensors}`, { ...opf!, decomposition: mpo({ tensors: Number(tensors), modes }) }] as const
    );
    return { ...others, "m = 11": opf!, ...Object.fromEntries(variants) };
  },
});
