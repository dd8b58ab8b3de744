/**
 * Table 2 of the paper: T5-base on eight tasks of GLUE.
 *
 * @module
 */
import { T5_BASE } from "./_methods.ts";
import { table2 } from "./_table2.ts";

export default table2({
  title: "T5-base",
  model: T5_BASE,
  caveats: [
    "All eight values of the row without OPF and their mean equal those of T5-base in MPOE (Gao et al., COLING 2022, table 1), where STS-B is Pearson's correlation and MRPC accuracy: it was not run for this paper.",
    "The total of 663 M in training does not follow from table 5: with N = 8 it is 356 M, 489 M if the groups of encoder and decoder are apart. The model has 223 M.",
  ],
});
