/**
 * An experiment as it is priced: its runs, whether or not what they need is there.
 *
 * @module
 */
import type { Registry } from "../registry.ts";
import type { Experiment } from "./define.ts";
import { type RunCoordinates } from "../run/run_spec.ts";
import { ExperimentGrid } from "./grid.ts";
import { loadExperiment } from "./load.ts";
import { outsideModules } from "./external_modules.ts";
import { Outliner, type RunOutline } from "../run/outline.ts";
import { RunResolver } from "../run/resolve.ts";
import type { OpenRequest } from "./request.ts";
import { Tuning } from "./tune.ts";

/** The runs of an experiment; a `Plan` is one whose runs can start. */
export interface ExperimentOutline {
  readonly experiment: Experiment;
  /** Tuning runs of the first stage; none where nothing is tuned. */
  readonly tuning: readonly RunOutline[];
  readonly runs: readonly RunOutline[];
  /** Runs of the experiment's ground. */
  readonly grounds: readonly RunOutline[];
  /** What was looked for and not found: runs with it have no id yet. */
  readonly missing: readonly string[];
}

/** What {@linkcode outlineExperiment} is told. */
export interface OutlineOptions {
  readonly request: OpenRequest;
  readonly parts: Registry;
  readonly note: (message: string) => void;
}

/** Finds what is there of all that an experiment needs, and what is known of the rest. */
export async function outlineExperiment(
  url: string,
  { request, parts, note }: OutlineOptions,
): Promise<ExperimentOutline> {
  const experiment = await loadExperiment(url);
  const { digests: modules } = await outsideModules(url, parts.root);
  const expansion = new ExperimentGrid(experiment, request, parts);
  const { data, backend } = request;
  const preparer = new RunResolver(parts, { data, backend, modules, note });
  const outliner = new Outliner(parts, preparer);
  const outline = (place: RunCoordinates) => outliner.outline(expansion.at(place));
  const runs: RunOutline[] = [];
  for (const place of expansion.places) runs.push(await outline(place));
  const grounds: RunOutline[] = [];
  for (const place of expansion.grounds) grounds.push(await outline(place));
  const tuning = await Tuning.of({ expansion, prepare: outline });
  return {
    experiment,
    tuning: tuning.stages > 0 ? await tuning.runs(0) : [],
    runs,
    grounds,
    missing: await outliner.missing(),
  };
}
