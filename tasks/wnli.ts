/**
 * WNLI: does the sentence with the pronoun replaced follow?
 *
 * @module
 */
import type { Task } from "@opf/framework";
import { glueTask } from "./_glue.ts";
import { accuracy } from "./metrics.ts";

/** WNLI, of GLUE. */
export const wnli: Task = glueTask({
  name: "wnli",
  official: "WNLI",
  first: ["sentence1"],
  second: ["sentence2"],
  classes: ["not_entailment", "entailment"],
  primary: "accuracy",
  metrics: [accuracy],
  rows: { train: 635, dev: 71, padded: 98 },
});
