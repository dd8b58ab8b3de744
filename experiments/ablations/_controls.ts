/**
 * What ablations have in common with `ablations/controls`: runs with the same settings are the same runs.
 *
 * @module
 */
import type { Methods } from "@opf/framework";
import all from "./controls.ts";

/** The model, the task, the seeds, the settings of training and the parameters. */
export const controls = {
  models: all.models,
  tasks: all.tasks,
  seeds: all.seeds,
  training: all.training!,
  parameters: all.parameters,
};

/** Some of the methods. */
export function some(parameters: Parameters<typeof all.methods>[0], names: readonly string[]): Methods {
  const methods = all.methods(parameters);
  return Object.fromEntries(names.map((name) => [name, methods[name]!]));
}
