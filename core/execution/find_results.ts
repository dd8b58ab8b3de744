/**
 * What is done of some runs, and what they need besides.
 *
 * @module
 */
import { mapConcurrently } from "../io/map_concurrently.ts";
import { cachedResult } from "../run/cached_result.ts";
import type { ResolvedRun } from "../run/resolve.ts";
import type { Request } from "../experiment/request.ts";
import type { Result } from "../results/result.ts";

/** Runs that are requested, with what is there of them. */
export interface FoundResults {
  /** Each run once, by id. */
  readonly requested: ReadonlyMap<string, ResolvedRun>;
  /** The runs whose weights those need that are not done, by id. */
  readonly prerequisites: ReadonlyMap<string, ResolvedRun>;
  /** Results of both that are there already, by id. */
  readonly results: Map<string, Result>;
  /** Those of both without a result. */
  readonly missing: readonly ResolvedRun[];
}

/** Looks for the results of runs. `note` receives a sentence about a damaged file: its run is repeated. */
export async function findResults(
  runs: readonly ResolvedRun[],
  { request, note }: { readonly request: Request; readonly note: (message: string) => void },
): Promise<FoundResults> {
  const results = new Map<string, Result>();
  const find = async (runs: readonly ResolvedRun[], { share }: { readonly share: boolean }) => {
    const cached = await mapConcurrently(runs, (run) => cachedResult(run, { ...request, share, note }));
    for (const [index, { id }] of runs.entries()) {
      if (cached[index]) results.set(id, cached[index]);
      else results.delete(id);
    }
  };
  const requested = new Map(runs.map((run) => [run.id, run]));
  await find([...requested.values()], { share: false });
  const open = [...requested.values()].filter(({ id }) => !results.has(id));
  const prerequisites = new Map(open.flatMap(({ needs }) => needs ? [[needs.id, needs]] : []));
  await find([...prerequisites.values()], { share: true });
  // Under its own name, a run that is requested too.
  const others = [...prerequisites.values()].filter(({ id }) => !requested.has(id));
  const missing = [...requested.values(), ...others].filter(({ id }) => !results.has(id));
  return { requested, prerequisites, results, missing };
}
