/**
 * Results as comma-separated values, a row per run.
 *
 * @module
 */
import { stringify } from "csv-stringify/sync";
import { distanceMoved } from "./tables.ts";
import type { ExperimentResults } from "../results/experiment_results.ts";

/**
 * Every run that has ended, under a header. Metrics are fractions; missing and undefined ones are empty. A
 * metric with the name of another column has the prefix `metrics.`.
 */
export function csv({ manifest, runs }: ExperimentResults): string {
  const metrics = [...new Set(runs.flatMap(({ result }) => Object.keys(result.metrics)))].toSorted();
  const rows = runs.map((run) => {
    const { id, model, task, method, base, point, seed, result } = run;
    const { parameters, seconds, memory, merge } = result;
    const before = {
      experiment: manifest.experiment,
      id,
      model,
      task,
      method,
      base,
      point: Object.entries(point).map(([path, value]) => `${path}=${JSON.stringify(value)}`).join(" "),
      seed,
      status: result.status,
      diverged: result.diverged,
      primary: result.primary,
    };
    const after = {
      parametersModel: parameters.model,
      parametersTraining: parameters.training,
      parametersTrainable: parameters.trainable,
      parametersMerged: parameters.merged,
      ...Object.fromEntries(
        Object.entries(seconds).map(([name, value]) => [`seconds${name[0]!.toUpperCase()}${name.slice(1)}`, value]),
      ),
      peakBytes: memory.peakBytes,
      maxLogitDifference: merge.maxLogitDifference,
      selected: result.selected.length,
      moved: distanceMoved([run]) ?? "",
      error: result.error ?? "",
    };
    const isTaken = (name: string) => Object.hasOwn(before, name) || Object.hasOwn(after, name);
    const values = metrics.map((name) => [isTaken(name) ? `metrics.${name}` : name, result.metrics[name] ?? ""]);
    return { ...before, ...Object.fromEntries(values), ...after };
  });
  const cast = { boolean: String };
  return stringify(rows, { header: true, cast, escape_formulas: true });
}
