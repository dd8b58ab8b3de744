/**
 * RTE: recognizing textual entailment. Does the first text entail the second?
 *
 * @module
 */
import type { Task } from "@opf/framework";
import { glueTask } from "./_glue.ts";
import { accuracy } from "./metrics.ts";

/** RTE, of GLUE. */
export const rte: Task = glueTask({
  name: "rte",
  official: "RTE",
  first: ["sentence1"],
  second: ["sentence2"],
  classes: ["entailment", "not_entailment"],
  submitLabelNames: true,
  primary: "accuracy",
  metrics: [accuracy],
  rows: { train: 2490, dev: 277, padded: 128 },
});
