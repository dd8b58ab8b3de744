/**
 * How far controls moved their matrices, compared with the method that they are matched to.
 *
 * @module
 */
import { doneRuns, type ExperimentResults, type RunResult } from "../results/experiment_results.ts";
import { canonical } from "../results/result.ts";

/** A run of a matched control beside the run it is matched to. */
export interface MatchedMovement {
  readonly run: RunResult;
  readonly reference: RunResult;
  /** The mean of `‖ΔW‖/‖W₀‖` over the matrices that both selected, divided by the reference's. */
  readonly ratio: number;
}

/** A control whose ratio is outside is not matched. */
export const MATCHED_RANGE = { least: 0.8, most: 1.25 } as const;

/** Whether a control moved about as far as its reference. */
export const isMatched = ({ ratio }: MatchedMovement): boolean =>
  ratio >= MATCHED_RANGE.least && ratio <= MATCHED_RANGE.most;

/** All runs of matched controls whose reference has ended too: same model, task, seed, point and policy. */
export function matchedMovements(results: Pick<ExperimentResults, "runs">): MatchedMovement[] {
  const runs = doneRuns(results).filter(({ result }) => !result.diverged);
  const byKey = new Map(runs.map((run) => [keyOf(run, methodOf(run)?.decomposition), run]));
  return runs.flatMap((run) => {
    const target = methodOf(run)?.decomposition?.reference;
    const reference = target && byKey.get(keyOf(run, target));
    if (!reference) return [];
    const moved = new Map(reference.result.selected.map((matrix) => [matrix.name, matrix.moved]));
    const common = run.result.selected.filter(({ name }) => moved.has(name));
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    const ratio = sum(common.map((matrix) => matrix.moved)) / sum(common.map(({ name }) => moved.get(name)!));
    return Number.isFinite(ratio) ? [{ run, reference, ratio }] : [];
  });
}

interface StoredDecomposition {
  readonly name: string;
  readonly options: unknown;
  readonly reference?: StoredDecomposition;
}

const methodOf = ({ result: { settings } }: RunResult) =>
  (settings as { method?: { decomposition?: StoredDecomposition | null; policy?: unknown } } | null)?.method;

const keyOf = (run: RunResult, decomposition: StoredDecomposition | null | undefined): string => {
  const { model, task, seed, point } = run;
  const { name, options } = decomposition ?? { name: null, options: null };
  return canonical([model, task, seed, point, name, options, methodOf(run)?.policy ?? null]);
};
