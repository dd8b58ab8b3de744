/**
 * The public interface of the framework: everything that a plugin or an experiment imports.
 *
 * @module
 */
export * as tf from "./core/tf.ts";
export * from "./core/cache.ts";
export * from "./core/decomposition.ts";
export * from "./core/engine.ts";
export * from "./core/errors.ts";
export * from "./core/importance.ts";
export * from "./core/json.ts";
export * from "./core/kernels.ts";
export * from "./core/model.ts";
export * from "./core/random.ts";
export {
  defineExperiment,
  type Experiment,
  type ExperimentDefinition,
  type MethodDefinition,
  type Methods,
  zipped,
} from "./core/experiment/define.ts";
export * from "./core/training/schedule.ts";
export * from "./core/selection.ts";
export * from "./core/source.ts";
export * from "./core/structure.ts";
export * from "./core/task.ts";
export * from "./core/tokenizer.ts";
export * from "./core/weights.ts";
