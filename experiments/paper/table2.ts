/**
 * Table 2 of the paper: T5 and BART. No model plugin reads them yet, so there is nothing to run.
 *
 * @module
 */
import { RequestError } from "@opf/framework";

throw new RequestError(
  "paper/table2 is about T5 and BART, which no model plugin reads yet: it will be declared when one does. What was " +
    "published stands in experiments/paper/_published.ts.",
);
