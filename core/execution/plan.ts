/**
 * An experiment before anything starts.
 *
 * @module
 */
import type { Experiment } from "../experiment/define.ts";
import { ExperimentGrid } from "../experiment/grid.ts";
import { type ExperimentRuns, listRuns } from "../experiment/list_runs.ts";
import { loadExperiment } from "../experiment/load.ts";
import type { OpenRequest, Request } from "../experiment/request.ts";
import { backendNamed, type Registry } from "../registry.ts";
import { type ResolvedRun, RunResolver } from "../run/resolve.ts";
import type { RunCoordinates } from "../run/run_spec.ts";

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
  const { devices = 1 } = open;
  // One process fills several devices, or a GPU, and keeps what it compiled.
  const onGpu = open.device !== "cpu" && backendNamed(open.backend, registry).hasGpu?.();
  const request = { ...open, jobs: open.jobs ?? (devices > 1 || onGpu ? 1 : experiment.workers?.jobs ?? 1) };
  const grid = new ExperimentGrid(experiment, request, registry);
  const { data, backend, device } = request;
  const resolver = new RunResolver(registry, { data, backend, device, modules, note });
  const resolved = new Map<string, Promise<ResolvedRun>>();
  const resolve = (coordinates: RunCoordinates) =>
    resolved.getOrInsertComputed(JSON.stringify(coordinates), () => resolver.prepare(grid.specAt(coordinates)));
  return { experiment, url, modules, request, registry, grid, resolve, ...await listRuns({ grid, resolve }) };
}
