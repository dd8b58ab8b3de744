/**
 * Table 1 of the paper: BERT-large on eight tasks of GLUE.
 *
 * @module
 */
import { BERT_LARGE } from "./_methods.ts";
import { table1 } from "./_table1.ts";

export default table1({
  title: "BERT-large",
  model: BERT_LARGE,
  reading:
    "From table 4: N = 24 matrices per group, four per round. It repeats the FFN's lists for attention, a misprint.",
  caveats: [
    "The total of 828 M in training does not follow from table 4; the 410 M of OPF-SVD follow from nine pairs of FFN matrices, while the text says that all matrices are decomposed.",
  ],
});
