/**
 * CoLA: is a sentence acceptable English?
 *
 * @module
 */
import type { Task } from "@opf/framework";
import { glueTask } from "./_glue.ts";
import { accuracy, matthews } from "./metrics.ts";

/** CoLA, of GLUE. */
export const cola: Task = glueTask({
  name: "cola",
  official: "CoLA",
  first: ["sentence1", "sentence"],
  classes: ["unacceptable", "acceptable"],
  primary: "matthews",
  metrics: [matthews, accuracy],
  rows: { train: 8551, dev: 1043, padded: 31 },
  header: ["source", "label", "star", "sentence"],
});
