/**
 * A dry run: the runs of an experiment, whether or not what they need is there.
 *
 * @module
 */
import type { Registry } from "../registry.ts";
import type { Experiment } from "./define.ts";
import { ExperimentGrid } from "./grid.ts";
import { type ExperimentRuns, listRuns } from "./list_runs.ts";
import { loadExperiment } from "./load.ts";
import { Outliner } from "../run/outline.ts";
import type { RunOutline } from "../run/run_spec.ts";
import { RunResolver } from "../run/resolve.ts";
import type { OpenRequest } from "./request.ts";

/** The runs of an experiment, as far as they are known. */
export interface ExperimentOutline extends ExperimentRuns<RunOutline> {
  readonly experiment: Experiment;
  /** What was not found, in a sentence each: runs that need it have no id yet. */
  readonly missing: readonly string[];
}

/** Options of {@linkcode outlineExperiment}. */
export interface OutlineOptions {
  readonly request: OpenRequest;
  readonly registry: Registry;
  /** Sha256 of modules from outside the tree. @default none */
  readonly modules?: readonly string[];
  readonly note: (message: string) => void;
}

/** Imports an experiment and finds what it needs, and what is known of the rest. */
export async function outlineExperiment(
  url: string,
  { request, registry, modules = [], note }: OutlineOptions,
): Promise<ExperimentOutline> {
  const experiment = await loadExperiment(url);
  const grid = new ExperimentGrid(experiment, request, registry);
  const { data, backend, device } = request;
  const outliner = new Outliner(registry, new RunResolver(registry, { data, backend, device, modules, note }));
  const runs = await listRuns({ grid, resolve: (coordinates) => outliner.outline(grid.specAt(coordinates)) });
  return { experiment, ...runs, missing: await outliner.missing() };
}
