/**
 * Which methods of an experiment are compared with which.
 *
 * @module
 */
import { doneRuns, type ExperimentResults } from "../results/experiment_results.ts";

/** A method and what it is compared with, by their names without the point of a sweep. */
export type Contrast = readonly [method: string, reference: string];

/** Names of methods that show what of an effect is over-parameterization: a larger step, or a larger form alone. */
const CONTROLS: readonly string[] = ["rate-matched", "frozen"];

/**
 * The contrasts that the experiment declares; by default each method with the baseline, and each that trains more
 * parameters than the baseline does (the model has, if the baseline has not run) with the controls.
 */
export function contrastsOf(results: Pick<ExperimentResults, "manifest" | "runs">): readonly Contrast[] {
  const { contrasts, baseline, runs } = results.manifest;
  if (contrasts) return contrasts;
  const methods = [...new Set(runs.map(({ base }) => base))];
  const done = doneRuns(results);
  const plain = new Map(
    done.filter(({ base }) => base === baseline).map(({ model, result }) => [model, result.parameters.trainable]),
  );
  const overParameterized = new Set(
    done.filter(({ model, result: { parameters } }) => parameters.trainable > (plain.get(model) ?? parameters.model))
      .map(({ base }) => base),
  );
  const controls = CONTROLS.filter((name) => methods.includes(name) && name !== baseline);
  return methods.filter((method) => method !== baseline).flatMap((method): Contrast[] => [
    [method, baseline],
    ...overParameterized.has(method) && !CONTROLS.includes(method)
      ? controls.map((control): Contrast => [method, control])
      : [],
  ]);
}
