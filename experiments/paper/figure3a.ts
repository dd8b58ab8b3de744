/**
 * Figure 3 (a) of the paper: the number of matrices.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { BERT_BASE, openParameters, paperMethods, READINGS, TRAINING } from "./_methods.ts";
import { BASELINE_CAVEATS, CAVEATS, sourceOf } from "./_published.ts";

const PUBLISHED = [67.51, 68.17, 68.23, 68.60, 68.87, 69.23, 69.23, 70.05, 72.32, 72.21, 72.29, 72.32];

export default defineExperiment({
  name: "paper/figure3a",
  description:
    "Figure 3 (a) of Gao et al. 2023: BERT-base on RTE with N = 1 to 12 matrices per group, two per round, and plain " +
    "fine-tuning. The strategy is not named; at N = 9 the value is that of the dynamic strategy in table 1. " +
    READINGS,
  models: [BERT_BASE.source],
  tasks: ["rte"],
  seeds: [1, 2, 3, 4, 5],
  training: TRAINING,
  parameters: { ...openParameters(BERT_BASE), n: 0 },
  methods: (parameters): ReturnType<typeof paperMethods> => {
    if (parameters.n === 0) return { "fine-tuning": {} };
    return { "OPF-MPO dynamic": paperMethods(BERT_BASE, parameters)["OPF-MPO dynamic"]! };
  },
  sweep: [{}, ...PUBLISHED.map((_, index) => ({ "parameters.n": index + 1 }))],
  published: {
    source: sourceOf("figure 3 (a), read off its vector paths, about ±0.02"),
    rows: [
      { method: "fine-tuning", values: { rte: 66.4 } },
      ...PUBLISHED.map((rte, index) => ({ method: `OPF-MPO dynamic (n ${index + 1})`, values: { rte } })),
    ],
    notes: [
      ...CAVEATS,
      BASELINE_CAVEATS["BERT-base"],
      "The caption says RTE, the text CoLA; the values are those of RTE.",
    ],
  },
});
