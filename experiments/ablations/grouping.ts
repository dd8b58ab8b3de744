/**
 * Groups within which matrices compete.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { mpo, staticTop, taylor } from "@opf/framework/plugins";
import { controls, pickMethods } from "./_controls.ts";

export default defineExperiment({
  name: "ablations/grouping",
  description:
    "Six matrices in total, selected within different groups: one of each module, three of attention and three of the " +
    "FFN, or the best six of the model; and the grouping of the released code, in which attention outputs compete twice. More " +
    "FFN matrices mean more parameters: the table lists their numbers.",
  ...controls,
  methods: (parameters) => {
    const { tensors } = parameters as { tensors: number };
    const by = (grouping: "module" | "kind" | "model" | "asReleased", n: number) => ({
      decomposition: mpo({ tensors }),
      policy: staticTop({ n, by: grouping, score: taylor() }),
    });
    return {
      ...pickMethods(parameters, ["fine-tuning"]),
      "by module": by("module", 1),
      "by kind": by("kind", 3),
      "whole model": by("model", 6),
      "as released": by("asReleased", 1),
    };
  },
});
