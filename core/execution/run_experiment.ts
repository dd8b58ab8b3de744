/**
 * An experiment, from its file to its results.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { sha256OfFile } from "../io/cache.ts";
import { Interrupted } from "../errors.ts";
import { backendNamed, type Registry } from "../registry.ts";
import { checkSameRuns, type ExperimentManifest, type Tuned, writeManifest } from "../results/manifest.ts";
import type { Experiment } from "../experiment/define.ts";
import { BASELINE_METHOD, type RunCoordinates } from "../run/run_spec.ts";
import { ExperimentGrid } from "../experiment/grid.ts";
import { type ExperimentRuns, listRuns } from "../experiment/list_runs.ts";
import { referenceBaselines } from "./reference_baselines.ts";
import { experimentName, loadExperiment } from "../experiment/load.ts";
import { type ResolvedRun, RunResolver } from "../run/resolve.ts";
import { publishedSchema } from "../results/published_scores.ts";
import { type OpenRequest, overridesOf, type Request } from "../experiment/request.ts";
import type { Result } from "../results/result.ts";
import { runAll, type RunListener } from "./run_all.ts";
import { checkRunsFolder } from "./runs_folder.ts";
import { Tuning } from "../experiment/tune.ts";

/** An experiment whose first runs are found and checked; nothing has started. */
export interface Plan extends ExperimentRuns<ResolvedRun> {
  readonly experiment: Experiment;
  /** URL of its file. */
  readonly url: string;
  /** Sha256 of modules from outside the tree. */
  readonly modules: readonly string[];
  readonly request: Request;
  readonly registry: Registry;
  readonly grid: ExperimentGrid;
  readonly resolve: (coordinates: RunCoordinates) => Promise<ResolvedRun>;
}

/** Options of {@linkcode planExperiment}. */
export interface PlanOptions {
  readonly request: OpenRequest;
  readonly registry: Registry;
  /** Sha256 of modules from outside the tree. */
  readonly modules: readonly string[];
  readonly note: (message: string) => void;
}

/** Imports an experiment, and finds and checks all that can be before anything starts. */
export async function planExperiment(
  url: string,
  { request: open, registry, modules, note }: PlanOptions,
): Promise<Plan> {
  const experiment = await loadExperiment(url);
  const request = { ...open, jobs: open.jobs ?? experiment.workers?.jobs ?? 1 };
  const grid = new ExperimentGrid(experiment, request, registry);
  const { data, backend, device } = request;
  const resolver = new RunResolver(registry, { data, backend, device, modules, note });
  const resolved = new Map<string, Promise<ResolvedRun>>();
  const resolve = (coordinates: RunCoordinates) =>
    resolved.getOrInsertComputed(JSON.stringify(coordinates), () => resolver.prepare(grid.specAt(coordinates)));
  return { experiment, url, modules, request, registry, grid, resolve, ...await listRuns({ grid, resolve }) };
}

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
  const runStage = async (runs: readonly ResolvedRun[], later: readonly ResolvedRun[]) => {
    listener.expectLater([...later, ...references]);
    const results = await runAll(runs, common);
    for (const [id, result] of results) tuningResults.set(id, result);
    return results;
  };
  const tuning = await Tuning.of({ grid, resolve });
  if (!await tuning.run(runStage)) throw interrupted();
  listener.expectLater([]);
  for (const tuned of tuning.tuned) listener.note(describeTuned(tuned));
  const runs = await Promise.all(tuning.coordinates.map(resolve));
  const manifest = await manifestOf(plan, { runs, tuned: tuning.tuned });
  if (before) checkSameRuns(manifest, before);
  const found = await runAll([...runs, ...references], {
    ...common,
    onStart: () => writeManifest(manifest, request.runs),
  });
  if (signal.aborted) throw interrupted();
  const results = runs.flatMap(({ id, spec: { label } }): Result[] => {
    const result = found.get(id);
    return result ? [{ ...result, method: label, experiment: experiment.name }] : [];
  });
  const ofReferences = references.flatMap(({ id }) => found.get(id) ?? []);
  return { results, otherResults: [...tuningResults.values(), ...ofReferences] };
}

function describeTuned({ model, task, method, chosen, atEdge }: Tuned): string {
  const values = Object.entries(chosen).map(([path, value]) =>
    `${path} = ${JSON.stringify(value)}${atEdge.includes(path) ? " (at the edge of what was tried)" : ""}`
  );
  return `${model}, ${task}, ${method}: chose ${values.join(", ")}.`;
}

async function manifestOf(
  { experiment, url, modules, request, registry: { root }, grid: { contrasts }, references }: Plan,
  { runs, tuned }: { readonly runs: readonly ResolvedRun[]; readonly tuned: readonly Tuned[] },
): Promise<ExperimentManifest> {
  const { name, description, published } = experiment;
  const methods = runs.map(({ spec }) => spec.base);
  return {
    experiment: name,
    declaration: {
      file: experimentName(url, new URL("experiments/", root)),
      sha256: url.startsWith("file:") ? await sha256OfFile(fileURLToPath(url)) : null,
      modules,
      changes: overridesOf(request),
    },
    ...(description !== undefined && { description }),
    ...(published && { published: publishedSchema.parse(published) }),
    baseline: experiment.baseline ?? (methods.includes(BASELINE_METHOD) ? BASELINE_METHOD : methods[0]!),
    ...(contrasts && { contrasts }),
    ...(tuned.length > 0 && { tuned }),
    grounds: referenceBaselines(runs, references),
    runs: runs.map(({ id, model, spec: { task, label, base, point, seed } }) => ({
      id,
      model,
      task: task.name,
      method: label,
      seed,
      base,
      point,
    })),
  };
}
