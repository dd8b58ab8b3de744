/**
 * Choosing settings for each method on its own, on training data alone.
 *
 * @module
 */
import type { Result } from "../results/result.ts";
import type { Tuned } from "../results/manifest.ts";
import { type RunCoordinates, type Values } from "../run/run_spec.ts";
import { combinations, type ExperimentGrid } from "./grid.ts";
import type { RunOutline } from "../run/outline.ts";

/** What tuning needs of the command that runs it; runs that are only priced are outlines. */
export interface TuneOptions<Run extends RunOutline> {
  readonly expansion: ExperimentGrid;
  readonly prepare: (place: RunCoordinates) => Promise<Run>;
}

/** Does runs, knowing which ones come after them, at rates that may change; gives results by id, fewer where interrupted. */
export type RunStage<Run> = (
  runs: readonly Run[],
  later: readonly Run[],
) => Promise<ReadonlyMap<string | null, Result>>;

/** One method on one task, whose settings are chosen together. */
interface Group<Run> {
  readonly places: readonly RunCoordinates[];
  readonly first: Run;
  /** Paths that are chosen together, one set after the other. */
  readonly stages: readonly (readonly string[])[];
  chosen: Values;
  readonly tried: { readonly values: Values; readonly mean: number }[];
}

/** Seeds of tuning runs, unless the experiment says otherwise: none that final runs usually have. */
export const TUNING_SEEDS: readonly number[] = [101, 102, 103];

/** Whether a run trains factors at the rate of factors. */
export function trainsFactors({ spec: { method: { decomposition } }, architecture }: RunOutline): boolean {
  const { shape } = architecture.matrices[0]!;
  const plan = decomposition?.plan(shape);
  return plan?.factorShapes.some((_, at) => {
    const { frozen = false, parameterGroup = "factor" } = plan.training?.[at] ?? {};
    return !frozen && parameterGroup === "factor";
  }) ?? false;
}

/**
 * The tuning runs of each stage for values chosen so far, and in the end the places of the final runs, with the values that
 * were chosen for them, and how.
 */
export class Tuning<Run extends RunOutline> {
  readonly #groups: readonly Group<Run>[];
  readonly #options: TuneOptions<Run>;

  private constructor(groups: readonly Group<Run>[], options: TuneOptions<Run>) {
    this.#groups = groups;
    this.#options = options;
  }

  static async of<Run extends RunOutline>(options: TuneOptions<Run>): Promise<Tuning<Run>> {
    const { expansion, prepare } = options;
    const { tune = {}, search = "grid" } = expansion.experiment;
    const byGroup = Map.groupBy(
      expansion.places,
      ({ model, task, point, method }) => JSON.stringify([model, task, point, method]),
    );
    const groups: Group<Run>[] = [];
    for (const places of byGroup.values()) {
      const first = await prepare(places[0]!);
      const paths = Object.keys(tune).filter((path) =>
        !Object.hasOwn(expansion.set, path) && (path !== "training.factorLearningRate" || trainsFactors(first))
      );
      const stages = paths.length === 0 ? [] : search === "grid" ? [paths] : paths.map((path) => [path]);
      groups.push({ places, first, stages, chosen: {}, tried: [] });
    }
    return new Tuning(groups, options);
  }

  get stages(): number {
    return Math.max(0, ...this.#groups.map(({ stages }) => stages.length));
  }

  /** The runs of one stage, for the values chosen before it. */
  async runs(stage: number): Promise<Run[]> {
    const places = this.#groups.flatMap((group) => this.#candidates(group, stage).flatMap(({ places }) => places));
    return await Promise.all(places.map(this.#options.prepare));
  }

  // What is tried for one group: each combination at each tuning seed.
  #candidates({ places: [place], stages, chosen }: Group<Run>, stage: number) {
    const { tune = {}, tuningSeeds = TUNING_SEEDS } = this.#options.expansion.experiment;
    const paths = stages[stage];
    if (!paths) return [];
    return combinations(Object.fromEntries(paths.map((path) => [path, tune[path]!]))).map((some) => {
      const values = { ...chosen, ...some };
      const tried = { ...values, "training.split": "held-out" };
      return { values, places: tuningSeeds.map((seed): RunCoordinates => ({ ...place!, seed, values: tried })) };
    });
  }

  /** Does the tuning runs that are not done; false where it was interrupted. */
  async run(run: RunStage<Run>): Promise<boolean> {
    for (let stage = 0; stage < this.stages; stage++) {
      const results = await run(await this.runs(stage), await this.#after(stage));
      for (const group of this.#groups) {
        const tried = [];
        for (const { values, places } of this.#candidates(group, stage)) {
          const ids = await Promise.all(places.map(async (place) => (await this.#options.prepare(place)).id));
          if (!ids.every((id) => results.has(id))) return false;
          const found = ids.map((id) => results.get(id)!).filter(({ status }) => status === "done");
          const sum = found.reduce((sum, { metrics, primary }) => sum + (metrics[primary] ?? 0), 0);
          tried.push({ values, mean: sum / ids.length });
        }
        group.tried.push(...tried);
        if (tried.length > 0) group.chosen = tried.reduce((best, next) => next.mean > best.mean ? next : best).values;
      }
    }
    return true;
  }

  // All that comes after a stage, as it would be with what is chosen until now.
  async #after(stage: number): Promise<Run[]> {
    const stages = Array.from({ length: this.stages - stage - 1 }, (_, at) => this.runs(stage + 1 + at));
    const final = Promise.all(this.places.map(this.#options.prepare));
    return (await Promise.all([...stages, final])).flat();
  }

  /** Of the final runs, with what was chosen until now. */
  get places(): RunCoordinates[] {
    return this.#groups.flatMap(({ places, chosen }) =>
      Object.keys(chosen).length > 0 ? places.map((place) => ({ ...place, values: chosen })) : places
    );
  }

  /** What was chosen, and how. */
  get tuned(): Tuned[] {
    const { tune = {} } = this.#options.expansion.experiment;
    return this.#groups.filter(({ tried }) => tried.length > 0).map(({ first, chosen, tried }) => ({
      model: first.model,
      task: first.spec.task.name,
      method: first.spec.label,
      chosen,
      atEdge: Object.entries(chosen).filter(([path, value]) => isAtEdge(value, tune[path]!)).map(([path]) => path),
      tried,
    }));
  }
}

// The smallest or the largest of several numbers: the best may lie beyond.
function isAtEdge(value: unknown, tried: readonly unknown[]): boolean {
  const numbers = tried.filter((other) => typeof other === "number");
  return numbers.length > 1 && (value === Math.min(...numbers) || value === Math.max(...numbers));
}
