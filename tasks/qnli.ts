/**
 * QNLI: does the sentence answer the question?
 *
 * @module
 */
import type { Task } from "@opf/framework";
import { glueTask } from "./_glue.ts";
import { accuracy } from "./metrics.ts";

/** QNLI, of GLUE. */
export const qnli: Task = glueTask({
  name: "qnli",
  official: "QNLI",
  first: ["sentence1", "question"],
  second: ["sentence2", "sentence"],
  classes: ["entailment", "not_entailment"],
  submitLabelNames: true,
  primary: "accuracy",
  metrics: [accuracy],
  rows: { train: 104743, dev: 5463, padded: 118 },
});
