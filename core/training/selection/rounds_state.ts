/**
 * The results of the selection rounds of a run.
 *
 * @module
 */
import type { Ranking, Selected } from "./round.ts";

/** The results of rounds, as plain values: with the stored factors, they restore the weights. */
export interface RoundsState {
  readonly selected: readonly Selected[];
  readonly rankings: readonly Ranking[];
  /** The rounds that converted matrices: their names, and what the trials measured, in order. */
  readonly conversions: readonly {
    readonly names: readonly string[];
    /** One record per trial: `‖ΔW‖` by matrix. */
    readonly movements: readonly { readonly [name: string]: number }[];
  }[];
  /** Largest difference of logits on the dev set before and after factorizing, over all rounds. */
  readonly factorizeDifference: number;
  /** Seconds spent in scores and policies, and in factorizing. */
  readonly seconds: { readonly selection: number; readonly decomposition: number };
}
