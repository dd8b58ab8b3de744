/**
 * `ablations/size` with each method of each model at its own best learning rates.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import tuned from "../glue_minilm_tuned.ts";
import size from "./size.ts";

export default defineExperiment({
  name: "ablations/size-tuned",
  extends: size,
  description:
    "The comparison of ablations/size with each method of each model at its best learning rates on each task, chosen as in " +
    "glue-minilm-tuned.",
  tune: tuned.tune!,
  search: tuned.search!,
  notes: size.notes!.slice(0, -1),
});
