/**
 * Groups within which matrices compete.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { mpo, staticTop, taylor } from "@opf/framework/plugins";
import { controls, some } from "./_controls.ts";

export default defineExperiment({
  name: "ablations/grouping",
  description:
    "Six matrices in all, chosen within other groups: one of each module, three of attention and three of the FFN, " +
    "or the best six of the model; and the grouping of the released code, where attention outputs compete twice. With more " +
    "FFN matrices there are more parameters: the table says how many.",
  ...controls,
  methods: (parameters) => {
    const { tensors } = parameters as { tensors: number };
    const by = (grouping: "module" | "kind" | "model" | "asReleased", n: number) => ({
      decomposition: mpo({ tensors }),
      policy: staticTop({ n, by: grouping, score: taylor() }),
    });
    return {
      ...some(parameters, ["fine-tuning"]),
      "by module": by("module", 1),
      "by kind": by("kind", 3),
      "whole model": by("model", 6),
      "as released": by("asReleased", 1),
    };
  },
});
