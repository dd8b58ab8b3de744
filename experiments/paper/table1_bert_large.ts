/**
 * Table 1 of the paper: BERT-large on eight tasks of GLUE.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { BERT_LARGE, openParameters, paperMethods, READINGS, TRAINING } from "./_methods.ts";
import { BASELINE_DOUBTS, DOUBTS, sourceOf, TABLE_1 } from "./_published.ts";

export default defineExperiment({
  name: "paper/table1-bert-large",
  description:
    "Table 1 of Gao et al. 2023, BERT-large, with two controls. Read of table 4: N = 24 matrices of each group, four a round. Its lists for attention are those of the FFN, a misprint. " +
    READINGS,
  models: [BERT_LARGE.source],
  tasks: ["mnli", "qnli", "sst2", "rte", "qqp", "cola", "stsb", "mrpc"],
  seeds: [1, 2, 3, 4, 5],
  training: TRAINING,
  parameters: openParameters(BERT_LARGE),
  methods: (parameters) => paperMethods(BERT_LARGE, parameters),
  published: {
    source: sourceOf("table 1"),
    rows: TABLE_1["BERT-large"],
    notes: [
      ...DOUBTS,
      BASELINE_DOUBTS["BERT-large"],
      "The total of 828 M in training is not what table 4 gives; 410 M of OPF-SVD is what nine FFN pairs give, where the text says that all matrices are taken.",
    ],
  },
});
