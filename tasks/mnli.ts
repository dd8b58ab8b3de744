/**
 * MNLI: entailment, neutral or contradiction? Evaluated on the matched and the mismatched dev set.
 *
 * @module
 */
import type { Task } from "@opf/framework";
import { glueTask } from "./_glue.ts";
import { accuracy } from "./metrics.ts";

/** MNLI, of GLUE. The primary metric is that of the matched dev set; `mismatched` stands beside it. */
export const mnli: Task = glueTask({
  name: "mnli",
  official: "MNLI",
  first: ["sentence1", "premise"],
  second: ["sentence2", "hypothesis"],
  label: ["label", "gold_label"],
  classes: ["entailment", "neutral", "contradiction"],
  submitLabelNames: true,
  primary: "accuracy",
  metrics: [accuracy],
  rows: { train: 392702, dev: 9815, additionalDev: 9832, padded: 104 },
  dev: { file: "dev_matched", hub: "validation_matched" },
  additionalDev: { name: "mismatched", file: "dev_mismatched", hub: "validation_mismatched" },
  tests: [{ file: "MNLI-m.tsv", set: "test_matched" }, { file: "MNLI-mm.tsv", set: "test_mismatched" }],
});
