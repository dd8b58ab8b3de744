/**
 * QQP: do two questions ask the same?
 *
 * @module
 */
import type { Task } from "@opf/framework";
import { glueTask } from "./_glue.ts";
import { accuracy, f1 } from "./metrics.ts";

/** QQP, of GLUE. */
export const qqp: Task = glueTask({
  name: "qqp",
  official: "QQP",
  first: ["sentence1", "question1"],
  second: ["sentence2", "question2"],
  label: ["label", "is_duplicate"],
  classes: ["not_duplicate", "duplicate"],
  primary: "accuracy",
  metrics: [accuracy, f1],
  dropShort: true, // the published file has a few rows cut in two; the Hugging Face dataset leaves them out, too
  rows: { train: 363846, dev: 40430 },
});
