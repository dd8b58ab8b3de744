/**
 * Figure 2 of the paper: BERT-medium with one to four times its parameters.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { BERT_MEDIUM, openParameters, READINGS, TRAINING } from "./_methods.ts";
import { scaledMethods, SCALES } from "./_scale.ts";
import { BASELINE_DOUBTS, DOUBTS, sourceOf } from "./_published.ts";

const PUBLISHED = {
  stsb: [78.40, 87.19, 87.37, 87.89],
  cola: [38.00, 42.29, 42.81, 44.56],
};

export default defineExperiment({
  name: "paper/figure2-bert-medium",
  description:
    "Figure 2 of Gao et al. 2023, BERT-medium: the number of tensors is the one that brings the whole model nearest " +
    "to 2, 3 and 4 times its parameters, the same for all matrices; once is plain fine-tuning. The paper does not name the " +
    "strategy: read as dynamic. " + READINGS,
  models: [BERT_MEDIUM.source],
  tasks: ["stsb", "cola"],
  seeds: [1, 2, 3, 4, 5],
  training: TRAINING,
  parameters: { ...openParameters(BERT_MEDIUM), scale: 1 },
  methods: ({ scale, ...parameters }) => scaledMethods(BERT_MEDIUM, { scale, parameters }),
  sweep: { "parameters.scale": SCALES },
  published: {
    source: sourceOf("figure 2, read off its paths, about ±0.02"),
    rows: SCALES.map((scale, at) => ({
      method: `${scale === 1 ? "fine-tuning" : "OPF-MPO dynamic"} (scale ${scale})`,
      values: Object.fromEntries(Object.entries(PUBLISHED).map(([task, values]) => [task, values[at]!])),
    })),
    notes: [
      ...DOUBTS,
      BASELINE_DOUBTS["BERT-medium"],
      "At 4 times it equals table 1's dynamic row, whose own total is 3.1 times the model.",
    ],
  },
});
