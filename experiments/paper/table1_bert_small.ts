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
    "From table 4: N = 4 matrices per group, two per round. Its FFN lists multiply to 1024×512, a misprint for 2048×512.",
  caveats: [
    "The total of 81 M in training follows from 4 FFN and 4 attention matrices with 11 tensors, and 34 M from the same matrices with 2 tensors: so OPF-SVD decomposed no more matrices either (--set parameters.svd=top).",
  ],
});
