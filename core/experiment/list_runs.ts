/**
 * The first runs of an experiment: outlines in a dry run, else runs that can start.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import type { RunOutline } from "../run/run_spec.ts";
import { Tuning, type TuningOptions } from "./tune.ts";

/** Runs of an experiment before anything is tuned. */
export interface ExperimentRuns<Run extends RunOutline> {
  /** Tuning runs of the first stage; none if nothing is tuned. */
  readonly tuning: readonly Run[];
  /** Final runs, with the settings they have if tuning chooses no others. */
  readonly runs: readonly Run[];
  /** Runs of the reference model. */
  readonly references: readonly Run[];
}

/** Resolves the runs of an experiment, and refuses models that tables would mix up or count twice. */
export async function listRuns<Run extends RunOutline>(options: TuningOptions<Run>): Promise<ExperimentRuns<Run>> {
  const { grid, resolve } = options;
  const runs: Run[] = [], references: Run[] = [];
  for (const coordinates of grid.coordinates) runs.push(await resolve(coordinates));
  for (const coordinates of grid.referenceCoordinates) references.push(await resolve(coordinates));
  checkModels(runs);
  const tuning = await Tuning.of(options);
  return { tuning: tuning.stages > 0 ? await tuning.runs(0) : [], runs, references };
}

function checkModels(runs: readonly RunOutline[]): void {
  const byName = new Map<string, number>(), byId = new Map<string, RunOutline>();
  for (const run of runs) {
    const { model: index } = run.spec.place;
    if (byName.getOrInsert(run.model, index) !== index) {
      throw new RequestError(`models: two of them are called "${run.model}"; expected different titles.`);
    }
    if (run.id === null) continue;
    const first = byId.getOrInsert(run.id, run);
    if (first.spec.place.model !== index) {
      throw new RequestError(`models: "${first.model}" and "${run.model}" are the same model, listed twice.`);
    }
  }
}
