/**
 * Table 2 of the paper: T5 and BART, not declared yet.
 *
 * @module
 */
import { RequestError } from "@opf/framework";

throw new RequestError(
  "paper/table2 (T5 and BART) is not declared yet, although the model plugins exist. Its published figures are in " +
    "experiments/paper/_published.ts.",
);
