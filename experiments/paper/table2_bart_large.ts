/**
 * Table 2 of the paper: BART-large on eight tasks of GLUE.
 *
 * @module
 */
import { BART_LARGE } from "./_methods.ts";
import { table2 } from "./_table2.ts";

export default table2({
  title: "BART-large",
  model: BART_LARGE,
  caveats: [
    "The total of 1198 M in training does not follow from table 5: with N = 16 it is 1246 M.",
  ],
});
