/**
 * The public interface of the framework: everything that a plugin or an experiment imports.
 *
 * @module
 */
export * as tf from "./core/backend/tf.ts";
export * from "./core/io/cache.ts";
export * from "./core/io/remove_oldest.ts";
export * from "./core/io/json_text.ts";
export * from "./core/io/text_file.ts";
export * from "./core/decomposition.ts";
export * from "./core/backend/check_donation.ts";
export * from "./core/backend/engine.ts";
export * from "./core/backend/fix_signs.ts";
export * from "./core/errors.ts";
export * from "./core/importance_score.ts";
export * from "./core/json.ts";
export * from "./core/backend/kernels.ts";
export * from "./core/backend/memoize.ts";
export * from "./core/launcher.ts";
export * from "./core/model/batch.ts";
export * from "./core/model/head.ts";
export * from "./core/model/model.ts";
export * from "./core/name_pattern.ts";
export * from "./core/random.ts";
export { defineExperiment, type Experiment, type ExperimentDefinition, zipped } from "./core/experiment/define.ts";
export type { MethodDefinition, Methods } from "./core/experiment/method.ts";
export * from "./core/training/schedule.ts";
export * from "./core/selection_policy.ts";
export * from "./core/source.ts";
export * from "./core/model/structure.ts";
export * from "./core/task.ts";
export * from "./core/model/pretrained_tokenizer.ts";
export * from "./core/model/tokenizer.ts";
export * from "./core/model/weights.ts";
