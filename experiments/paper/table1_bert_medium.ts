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
    "From table 4: N = 12 matrices per group, two per round; more than its 8 layers, so a group must hold several matrices per layer. Its FFN lists multiply to 1024×512, a misprint for 2048×512.",
  caveats: [
    "The total of 129 M in training does not follow from table 4.",
    "The eight values of the dynamic row average to 78.80; 78.90 is printed.",
  ],
});
