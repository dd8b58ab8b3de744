/**
 * Table 1 of the paper: BERT-small on eight tasks of GLUE.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { BERT_SMALL, openParameters, paperMethods, READINGS, TRAINING } from "./_methods.ts";
import { BASELINE_DOUBTS, DOUBTS, sourceOf, TABLE_1 } from "./_published.ts";

export default defineExperiment({
  name: "paper/table1-bert-small",
  description:
    "Table 1 of Gao et al. 2023, BERT-small, with two controls. Read of table 4: N = 4 matrices of each group, two a round. Its FFN lists multiply to 1024×512, a misprint for 2048×512. " +
    READINGS,
  models: [BERT_SMALL.source],
  tasks: ["mnli", "qnli", "sst2", "rte", "qqp", "cola", "stsb", "mrpc"],
  seeds: [1, 2, 3, 4, 5],
  training: TRAINING,
  parameters: openParameters(BERT_SMALL),
  methods: (parameters) => paperMethods(BERT_SMALL, parameters),
  published: {
    source: sourceOf("table 1"),
    rows: TABLE_1["BERT-small"],
    notes: [
      ...DOUBTS,
      BASELINE_DOUBTS["BERT-small"],
      "The total of 81 M in training is what N = 4 FFN and 4 attention matrices of 11 tensors give, and 34 M the same of 2 tensors: so OPF-SVD took no more matrices either (--set parameters.svd=top).",
    ],
  },
});
