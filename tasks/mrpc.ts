/**
 * MRPC: Do two sentences mean the same?
 *
 * @module
 */
import type { Task } from "@opf/framework";
import { glueTask } from "./_glue.ts";
import { accuracy, f1 } from "./metrics.ts";

/** MRPC, of GLUE. */
export const mrpc: Task = glueTask({
  name: "mrpc",
  official: "MRPC",
  first: ["sentence1", "#1 String"],
  second: ["sentence2", "#2 String"],
  label: ["label", "Quality"],
  classes: ["not_equivalent", "equivalent"],
  primary: "f1",
  metrics: [f1, accuracy],
  rows: { train: 3668, dev: 408, padded: 98 },
  combinedFile: { file: "msr_paraphrase_train.txt", dev: "dev_ids.tsv", ids: ["#1 ID", "#2 ID"] },
});
