/**
 * An experiment from its file to its results.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { sha256OfFile } from "../io/cache.ts";
import { Interrupted } from "../errors.ts";
import { backendNamed, type Registry } from "../registry.ts";
import { checkSameRuns, type ExperimentManifest, type Tuned, writeManifest } from "../results/manifest.ts";
import type { Experiment } from "../experiment/define.ts";
import { type RunCoordinates } from "../run/run_spec.ts";
import { ExperimentGrid } from "../experiment/grid.ts";
import { referenceBaselines } from "./reference_baselines.ts";
import { experimentName, loadExperiment } from "../experiment/load.ts";
import { outsideModules } from "../experiment/external_modules.ts";
import { type ResolvedRun, RunResolver } from "../run/resolve.ts";
import { publishedSchema } from "../results/published_scores.ts";
import type { OpenRequest, Request } from "../experiment/request.ts";
import type { Result } from "../results/result.ts";
import { runAll, type RunListener } from "./run_all.ts";
import { Tuning } from "../experiment/tune.ts";

/** An experiment whose first runs were found and checked; nothing has started. */
export interface Plan {
  readonly experiment: Experiment;
  /** URL of its file. */
  readonly url: string;
  /** Sha256 of modules from outside the tree. */
  readonly modules: readonly string[];
  readonly request: Request;
  readonly parts: Registry;
  readonly expansion: ExperimentGrid;
  readonly prepare: (place: RunCoordinates) => Promise<ResolvedRun>;
  /** Tuning runs of the first stage; none where nothing is tuned. */
  readonly tuning: readonly ResolvedRun[];
  /** Final runs, with the settings that they have where tuning does not choose others. */
  readonly runs: readonly ResolvedRun[];
  /** Runs of the experiment's ground. */
  readonly grounds: readonly ResolvedRun[];
}

/** Finds and checks all that can be before anything starts. */
export async function planExperiment(
  url: string,
  { request: asked, parts, note }: { request: OpenRequest; parts: Registry; note: (message: string) => void },
): Promise<Plan> {
  const experiment = await loadExperiment(url);
  const request = { ...asked, jobs: asked.jobs ?? experiment.workers?.jobs ?? 1 };
  const { digests: modules } = await outsideModules(url, parts.root);
  const expansion = new ExperimentGrid(experiment, request, parts);
  const { data, backend } = request;
  const preparer = new RunResolver(parts, { data, backend, modules, note });
  const known = new Map<string, Promise<ResolvedRun>>();
  const prepare = (place: RunCoordinates) => {
    const key = JSON.stringify(place);
    const found = known.get(key) ?? preparer.prepare(expansion.at(place));
    known.set(key, found);
    return found;
  };
  const runs: ResolvedRun[] = [];
  for (const place of expansion.places) runs.push(await prepare(place));
  const grounds: ResolvedRun[] = [];
  for (const place of expansion.grounds) grounds.push(await prepare(place));
  const tuning = await Tuning.of({ expansion, prepare });
  const first = tuning.stages > 0 ? await tuning.runs(0) : [];
  return { experiment, url, modules, request, parts, expansion, prepare, tuning: first, runs, grounds };
}

/** What conducting an experiment is told. */
export interface RunExperimentOptions {
  readonly watch: RunListener;
  readonly signal: AbortSignal;
  /** What the experiment asked for before, where it is to be the same again. */
  readonly before?: ExperimentManifest | undefined;
}

/** What an experiment ended with. */
export interface ExperimentOutcome {
  /** Of the final runs, under their labels. */
  readonly results: readonly Result[];
  /** Of the runs that settings were chosen by, and of the experiment's ground. */
  readonly beside: readonly Result[];
}

/** Tunes where asked for, does the runs, and gives their results. */
export async function runExperiment(
  plan: Plan,
  { watch, signal, before }: RunExperimentOptions,
): Promise<ExperimentOutcome> {
  const { experiment, url, modules, request, parts, expansion, prepare, grounds } = plan;
  const backend = backendNamed(request.backend, parts);
  const common = { request, experiment: url, modules, root: parts.root, backend, watch, signal };
  const interrupted = () => new Interrupted("Interrupted; what is finished is kept, the same command goes on.");
  const begin = () => Promise.resolve();
  const tried = new Map<string, Result>();
  const run = async (runs: readonly ResolvedRun[], later: readonly ResolvedRun[]) => {
    watch.later([...later, ...grounds]);
    const found = await runAll(runs, { ...common, begin });
    for (const [id, result] of found) tried.set(id, result);
    return found;
  };
  const tuning = await Tuning.of({ expansion, prepare });
  if (!await tuning.run(run)) throw interrupted();
  watch.later([]);
  for (const tuned of tuning.tuned) watch.note(saidOf(tuned));
  const runs = await Promise.all(tuning.places.map(prepare));
  const asked = await askedBy(plan, { runs, tuning });
  if (before) checkSameRuns(asked, before);
  const found = await runAll([...runs, ...grounds], { ...common, begin: () => writeManifest(asked, request.runs) });
  if (signal.aborted) throw interrupted();
  const results = runs.flatMap(({ id, spec: { label } }): Result[] => {
    const result = found.get(id);
    return result ? [{ ...result, method: label, experiment: experiment.name }] : [];
  });
  const ground = grounds.flatMap(({ id }) => found.get(id) ?? []);
  return { results, beside: [...tried.values(), ...ground] };
}

// What was chosen, flagged where the best may lie beyond what was tried.
function saidOf({ task, method, chosen, atEdge }: Tuned): string {
  const values = Object.entries(chosen).map(([path, value]) =>
    `${path} ${JSON.stringify(value)}${atEdge.includes(path) ? " (at the edge of what was tried)" : ""}`
  );
  return `${task}, ${method}: chose ${values.join(", ")}.`;
}

async function askedBy(
  { experiment, url, modules, request, parts: { root }, expansion: { contrasts }, grounds }: Plan,
  { runs, tuning: { tuned } }: { runs: readonly ResolvedRun[]; tuning: Tuning<ResolvedRun> },
): Promise<ExperimentManifest> {
  const { name, description, published } = experiment;
  const asked = runs.map(({ id, model, spec: { task, label, base, point, seed } }) => ({
    id,
    model,
    task: task.name,
    method: label,
    seed,
    base,
    point,
  }));
  const methods = asked.map(({ base }) => base);
  const usual = methods.includes("fine-tuning") ? "fine-tuning" : methods[0]!;
  const { tasks, methods: some, models, seeds, set, backend } = request;
  return {
    experiment: name,
    declaration: {
      file: experimentName(url, new URL("experiments/", root)),
      sha256: url.startsWith("file:") ? await sha256OfFile(fileURLToPath(url)) : null,
      modules,
      changes: {
        ...(tasks && { tasks }),
        ...(some && { methods: some }),
        ...(models && { models }),
        ...(seeds && { seeds }),
        ...(set && { set }),
        ...(backend !== undefined && { backend }),
      },
    },
    ...(description !== undefined && { description }),
    ...(published && { published: publishedSchema.parse(published) }),
    baseline: experiment.baseline ?? usual,
    ...(contrasts && { contrasts }),
    ...(tuned.length > 0 && { tuned }),
    grounds: referenceBaselines(runs, grounds),
    runs: asked,
  };
}
