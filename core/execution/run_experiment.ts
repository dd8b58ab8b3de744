/**
 * An experiment, from its file to its results.
 *
 * @module
 */
import { Interrupted } from "../errors.ts";
import { Tuning } from "../experiment/tune.ts";
import { backendNamed } from "../registry.ts";
import {
  checkSameRuns,
  type ExperimentManifest,
  type ListedRun,
  type Tuned,
  writeManifest,
} from "../results/manifest.ts";
import type { Result } from "../results/result.ts";
import { writeTuningRuns } from "../results/tuning_runs.ts";
import type { ResolvedRun } from "../run/resolve.ts";
import { makeManifest } from "./make_manifest.ts";
import type { Plan } from "./plan.ts";
import { runAll, type RunListener } from "./run_all.ts";
import { checkRunsFolder } from "./runs_folder.ts";

/** Options of {@linkcode runExperiment}. */
export interface RunExperimentOptions {
  readonly listener: RunListener;
  readonly signal: AbortSignal;
  /** The manifest to reproduce: other runs than its own are refused. */
  readonly before?: ExperimentManifest | undefined;
}

/** What an experiment ended with. */
export interface ExperimentOutcome {
  /** Of the final runs, under their labels. */
  readonly results: readonly Result[];
  /** Of tuning runs, and of the reference model. */
  readonly otherResults: readonly Result[];
}

/** Tunes what is to be tuned, does the runs and returns their results. */
export async function runExperiment(
  plan: Plan,
  { listener, signal, before }: RunExperimentOptions,
): Promise<ExperimentOutcome> {
  const { experiment, url, modules, request, registry, grid, resolve, references } = plan;
  const backend = backendNamed(request.backend, registry);
  const common = { request, experiment: url, modules, root: registry.root, backend, listener, signal };
  const interrupted = () =>
    new Interrupted("Interrupted. Finished runs are kept; the same command resumes the others.");
  await checkRunsFolder(request.runs, experiment.name);
  const tuningResults = new Map<string, Result>();
  const tuningRuns: ListedRun[] = [];
  const runStage = async (runs: readonly ResolvedRun[], later: readonly ResolvedRun[]) => {
    listener.expectLater([...later, ...references]);
    tuningRuns.push(...runs.map(listedRun));
    const onStart = () => writeTuningRuns(tuningRuns, { name: experiment.name, folder: request.runs });
    const results = await runAll(runs, { ...common, onStart });
    for (const [id, result] of results) tuningResults.set(id, result);
    return results;
  };
  const tuning = await Tuning.of({ grid, resolve });
  if (!await tuning.run(runStage)) throw interrupted();
  listener.expectLater([]);
  for (const tuned of tuning.tuned) listener.note(describeTuned(tuned));
  const runs = await Promise.all(tuning.coordinates.map(resolve));
  const manifest = await makeManifest(plan, { runs, tuned: tuning.tuned });
  if (before) checkSameRuns(manifest, before);
  const finalResults = await runAll([...runs, ...references], {
    ...common,
    onStart: () => writeManifest(manifest, request.runs),
  });
  if (signal.aborted) throw interrupted();
  const results = runs.flatMap(({ id, spec: { label } }): Result[] => {
    const result = finalResults.get(id);
    return result ? [{ ...result, method: label, experiment: experiment.name }] : [];
  });
  const ofReferences = references.flatMap(({ id }) => finalResults.get(id) ?? []);
  return { results, otherResults: [...tuningResults.values(), ...ofReferences] };
}

function listedRun({ id, model, spec: { task, label, seed } }: ResolvedRun): ListedRun {
  return { id, model, task: task.name, method: label, seed };
}

/** What tuning chose, in a sentence. */
export function describeTuned({ model, task, method, chosen, atEdge, tried }: Tuned): string {
  const place = `${model}, ${task}, ${method}`;
  const diverged = tried.filter((one) => one.diverged).map(({ values }) =>
    Object.entries(values).map(([path, value]) => `${path} = ${JSON.stringify(value)}`).join(", ")
  );
  if (diverged.length === tried.length) {
    return `${place}: runs diverged at everything that was tried (${
      diverged.join("; ")
    }), and so will the final ones: ` +
      "try smaller learning rates.";
  }
  const values = Object.entries(chosen).map(([path, value]) =>
    `${path} = ${JSON.stringify(value)}${atEdge.includes(path) ? " (at the edge of what was tried)" : ""}`
  );
  return `${place}: chose ${values.join(", ")}.` +
    (diverged.length > 0 ? ` Runs diverged at ${diverged.join("; ")}.` : "");
}
