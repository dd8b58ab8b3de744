/**
 * Tuning: choosing settings for each method separately, on training data alone.
 *
 * @module
 */
import type { Json } from "../json.ts";
import type { Result } from "../results/result.ts";
import type { TriedValues, Tuned } from "../results/manifest.ts";
import type { RunCoordinates, Values } from "../run/run_spec.ts";
import { combinations, type ExperimentGrid } from "./grid.ts";
import type { RunOutline } from "../run/run_spec.ts";

/** Where tuning finds its runs; in a dry run they are outlines. */
export interface TuningOptions<Run extends RunOutline> {
  readonly grid: ExperimentGrid;
  readonly resolve: (coordinates: RunCoordinates) => Promise<Run>;
}

/**
 * Does the runs of a stage, knowing those that come later (their settings may still change); returns results by id, fewer
 * than runs if it was interrupted.
 */
export type RunStage<Run> = (
  runs: readonly Run[],
  later: readonly Run[],
) => Promise<ReadonlyMap<string | null, Result>>;

/** One method on one task, whose settings are chosen together. */
interface Group<Run> {
  readonly coordinates: readonly RunCoordinates[];
  readonly first: Run;
  /** Paths that are chosen together, one stage after the other. */
  readonly stages: readonly (readonly string[])[];
  /** The group whose tuned factor learning rate applies here too: the method that this control is matched to. */
  readonly reference?: Group<Run> | undefined;
  chosen: Values;
  readonly tried: TriedValues[];
}

const FACTOR_RATE = "training.factorLearningRate";

/** Seeds of tuning runs by default: none that final runs usually have. */
const TUNING_SEEDS: readonly number[] = [101, 102, 103];

/** Whether a run trains factors at the learning rate of factors. */
function trainsFactors({ spec: { method: { decomposition } }, architecture }: RunOutline): boolean {
  const { shape } = architecture.matrices[0]!;
  const plan = decomposition?.plan(shape);
  return plan?.factorShapes.some((_, index) => {
    const { frozen = false, parameterGroup = "factor" } = plan.training?.[index] ?? {};
    return !frozen && parameterGroup === "factor";
  }) ?? false;
}

/** The tuning runs of each stage for the values chosen so far; in the end the final runs, with the chosen values. */
export class Tuning<Run extends RunOutline> {
  readonly #groups: readonly Group<Run>[];
  readonly #options: TuningOptions<Run>;

  private constructor(groups: readonly Group<Run>[], options: TuningOptions<Run>) {
    this.#groups = groups;
    this.#options = options;
  }

  /** Groups the runs of an experiment; what the command line sets is not tuned. */
  static async of<Run extends RunOutline>(options: TuningOptions<Run>): Promise<Tuning<Run>> {
    const { grid, resolve } = options;
    const { tune = {}, search = "grid" } = grid.experiment;
    const byGroup = Map.groupBy(
      grid.coordinates,
      ({ model, task, point, method }) => JSON.stringify([model, task, point, method]),
    );
    const groups: Group<Run>[] = [];
    for (const coordinates of byGroup.values()) {
      const first = await resolve(coordinates[0]!);
      const paths = Object.keys(tune).filter((path) =>
        !Object.hasOwn(grid.set, path) && (path !== FACTOR_RATE || trainsFactors(first)) &&
        changesMethod(path, { grid, run: coordinates[0]! })
      );
      const stages = paths.length === 0 ? [] : search === "grid" ? [paths] : paths.map((path) => [path]);
      groups.push({ coordinates, first, stages, chosen: {}, tried: [] });
    }
    return new Tuning(groups.map((group) => withReference(group, groups)), options);
  }

  /** The number of stages; 0 if nothing is tuned. */
  get stages(): number {
    return this.#groups.reduce((most, { stages }) => Math.max(most, stages.length), 0);
  }

  /** The runs of a stage, for the values chosen before it. */
  async runs(stage: number): Promise<Run[]> {
    const candidates = this.#groups.flatMap((group) => this.#candidates(group, stage));
    return await Promise.all(candidates.flatMap(({ coordinates }) => coordinates).map(this.#options.resolve));
  }

  // What is tried for one group: each combination with each tuning seed.
  #candidates(group: Group<Run>, stage: number) {
    const { tune = {}, tuningSeeds = TUNING_SEEDS } = this.#options.grid.experiment;
    const { coordinates: [first], stages, chosen } = group;
    const paths = stages[stage] ?? [];
    if (paths.length === 0) return [];
    return combinations(Object.fromEntries(paths.map((path) => [path, tune[path]!]))).map((combination) => {
      const values = { ...chosen, ...combination };
      const settings = { ...inherited(group), ...values, "training.split": "held-out" };
      return {
        values,
        coordinates: tuningSeeds.map((seed): RunCoordinates => ({ ...first!, seed, values: settings })),
      };
    });
  }

  /** Does the tuning runs that are not done yet; false if it was interrupted. */
  async run(run: RunStage<Run>): Promise<boolean> {
    for (let stage = 0; stage < this.stages; stage++) {
      const results = await run(await this.runs(stage), await this.#runsAfter(stage));
      for (const group of this.#groups) {
        const tried: TriedValues[] = [];
        for (const { values, coordinates } of this.#candidates(group, stage)) {
          const runs = await Promise.all(coordinates.map(this.#options.resolve));
          const ended = runs.flatMap(({ id }) => results.get(id) ?? []);
          if (ended.length < runs.length) return false;
          const mean = ended.reduce((sum, result) => sum + primaryOf(result), 0) / ended.length;
          const diverged = ended.filter((result) => result.diverged).length;
          tried.push({ values, mean, ...(diverged > 0 && { diverged }) });
        }
        group.tried.push(...tried);
        if (tried.length > 0) group.chosen = best(tried).values;
      }
    }
    return true;
  }

  // Everything after a stage, with what is chosen so far.
  async #runsAfter(stage: number): Promise<Run[]> {
    const stages = Array.from({ length: this.stages - stage - 1 }, (_, index) => this.runs(stage + 1 + index));
    const final = Promise.all(this.coordinates.map(this.#options.resolve));
    return (await Promise.all([...stages, final])).flat();
  }

  /** The final runs, with what is chosen so far. */
  get coordinates(): RunCoordinates[] {
    return this.#groups.flatMap((group) => {
      const values = { ...inherited(group), ...group.chosen };
      return Object.keys(values).length > 0 ? group.coordinates.map((run) => ({ ...run, values })) : group.coordinates;
    });
  }

  /** What was chosen, and from what. */
  get tuned(): Tuned[] {
    const { tune = {} } = this.#options.grid.experiment;
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

// A run that diverged scores as a constant prediction does, which may be more than a small learning rate reaches.
function best(tried: readonly TriedValues[]): TriedValues {
  const sound = tried.filter(({ diverged }) => !diverged);
  return (sound.length > 0 ? sound : tried).reduce((best, next) => next.mean > best.mean ? next : best);
}

// Whether the values of a parameter make a difference to a method: one that ignores it is not tuned by it.
function changesMethod(
  path: string,
  { grid, run }: { readonly grid: ExperimentGrid; readonly run: RunCoordinates },
): boolean {
  if (!path.startsWith("parameters.")) return true;
  const variants = grid.experiment.tune![path]!.map((value) => {
    const { method, training } = grid.specAt({ ...run, values: { [path]: value } });
    return JSON.stringify([optionsOf(method.decomposition), optionsOf(method.policy), training]);
  });
  return new Set(variants).size > 1;
}

const optionsOf = (plugin: { readonly name: string; readonly options: Json } | undefined) =>
  plugin && [plugin.name, plugin.options];

// A control that reproduces the movement of another method is tuned after that method, with its factor learning rate.
function withReference<Run extends RunOutline>(group: Group<Run>, groups: readonly Group<Run>[]): Group<Run> {
  const { model, task, point } = group.coordinates[0]!;
  const { decomposition, policy } = group.first.spec.method;
  if (!decomposition?.reference) return group;
  const key = JSON.stringify([model, task, point, optionsOf(decomposition.reference), optionsOf(policy)]);
  const reference = groups.find(({ coordinates: [other], first: { spec: { method } }, stages }) =>
    stages.flat().includes(FACTOR_RATE) && key === JSON.stringify([
        other!.model,
        other!.task,
        other!.point,
        optionsOf(method.decomposition),
        optionsOf(method.policy),
      ])
  );
  return reference ? { ...group, reference, stages: [...reference.stages.map(() => []), ...group.stages] } : group;
}

function inherited<Run>({ reference }: Group<Run>): Values {
  const rate = reference?.chosen[FACTOR_RATE];
  return rate === undefined ? {} : { [FACTOR_RATE]: rate };
}

// A failed run and an undefined coefficient count as 0.
function primaryOf({ status, metrics, primary }: Result): number {
  const value = metrics[primary];
  return status === "done" && Number.isFinite(value) ? value! : 0;
}

// Whether a value is the smallest or the largest number tried: the best may lie beyond.
function isAtEdge(value: unknown, tried: readonly unknown[]): boolean {
  const numbers = tried.filter((other) => typeof other === "number");
  return numbers.length > 1 && (value === Math.min(...numbers) || value === Math.max(...numbers));
}
