/**
 * SST-2: is a sentence of a film review positive?
 *
 * @module
 */
import type { Task } from "@opf/framework";
import { glueTask } from "./_glue.ts";
import { accuracy } from "./metrics.ts";

/** SST-2, of GLUE. */
export const sst2: Task = glueTask({
  name: "sst2",
  official: "SST-2",
  first: ["sentence1", "sentence"],
  classes: ["negative", "positive"],
  primary: "accuracy",
  metrics: [accuracy],
  rows: { train: 67349, dev: 872, padded: 48 },
});
