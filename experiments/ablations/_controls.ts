/**
 * What ablations share with `ablations/controls`: runs with equal settings are the same runs.
 *
 * @module
 */
import type { Methods } from "@opf/framework";
import all from "./controls.ts";

/** Model, task, seeds, training settings and parameters. */
export const controls = {
  models: all.models,
  tasks: all.tasks,
  seeds: all.seeds,
  training: all.training!,
  parameters: all.parameters,
};

/** The named methods. */
export function pickMethods(parameters: Parameters<typeof all.methods>[0], names: readonly string[]): Methods {
  const methods = all.methods(parameters);
  return Object.fromEntries(names.map((name) => [name, methods[name]!]));
}
