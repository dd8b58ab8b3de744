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
    "Read of table 4: N = 24 matrices of each group, four a round. Its lists for attention are those of the FFN, a misprint.",
  doubts: [
    "The total of 828 M in training is not what table 4 gives; 410 M of OPF-SVD is what nine FFN pairs give, where the text says that all matrices are taken.",
  ],
});
