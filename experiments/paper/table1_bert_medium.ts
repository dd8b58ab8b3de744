/**
 * Table 1 of the paper: BERT-medium on eight tasks of GLUE.
 *
 * @module
 */
import { BERT_MEDIUM } from "./_methods.ts";
import { table1 } from "./_table1.ts";

export default table1({
  title: "BERT-medium",
  model: BERT_MEDIUM,
  reading:
    "Read of table 4: N = 12 matrices of each group, two a round; more than its 8 layers, so that a group has more than one matrix a layer. Its FFN lists multiply to 1024×512, a misprint for 2048×512.",
  doubts: [
    "The total of 129 M in training is not what table 4 gives.",
    "The mean of the dynamic row is 78.80 of its eight values, where 78.90 is printed.",
  ],
});
