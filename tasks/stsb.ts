/**
 * STS-B: how similar are two sentences, from 0 to 5?
 *
 * @module
 */
import type { Task } from "@opf/framework";
import { glueTask } from "./_glue.ts";
import { pearson, spearman } from "./metrics.ts";

/** STS-B, of GLUE. */
export const stsb: Task = glueTask({
  name: "stsb",
  official: "STS-B",
  first: ["sentence1"],
  second: ["sentence2"],
  label: ["label", "score"],
  scale: [0, 5],
  primary: "spearman",
  metrics: [spearman, pearson],
  rows: { train: 5749, dev: 1500, padded: 87 },
});
