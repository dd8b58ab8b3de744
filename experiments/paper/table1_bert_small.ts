/**
 * Table 1 of the paper: BERT-small on eight tasks of GLUE.
 *
 * @module
 */
import { BERT_SMALL } from "./_methods.ts";
import { table1 } from "./_table1.ts";

export default table1({
  title: "BERT-small",
  model: BERT_SMALL,
  reading:
    "Read of table 4: N = 4 matrices of each group, two a round. Its FFN lists multiply to 1024×512, a misprint for 2048×512.",
  doubts: [
    "The total of 81 M in training is what N = 4 FFN and 4 attention matrices of 11 tensors give, and 34 M the same of 2 tensors: so OPF-SVD took no more matrices either (--set parameters.svd=top).",
  ],
});
