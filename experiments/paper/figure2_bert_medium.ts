/**
 * Figure 2 of the paper: BERT-medium with one to four times its parameters.
 *
 * @module
 */
import { figure2 } from "./_figure2.ts";
import { BERT_MEDIUM } from "./_methods.ts";

export default figure2({
  title: "BERT-medium",
  model: BERT_MEDIUM,
  published: {
    stsb: [78.40, 87.19, 87.37, 87.89],
    cola: [38.00, 42.29, 42.81, 44.56],
  },
  caveats: [
    "At scale 4 it equals the dynamic row of table 1, whose total is 3.1 times the model.",
  ],
});
