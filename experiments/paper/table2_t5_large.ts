/**
 * Table 2 of the paper: T5-large on eight tasks of GLUE.
 *
 * @module
 */
import { T5_LARGE } from "./_methods.ts";
import { table2 } from "./_table2.ts";

export default table2({
  title: "T5-large",
  model: T5_LARGE,
  caveats: [
    "The row without OPF equals that of T5-large in MPOE (Gao et al., COLING 2022, table 1), where STS-B is Pearson's correlation and MRPC accuracy, but for MNLI: 89.23 there, which gives the printed mean of 86.51.",
    "The total of 1426 M in training does not follow from table 5: with N = 16 it is 1577 M. The model has 738 M, not 770 M.",
  ],
});
