/**
 * What the selection rounds of a run leave behind.
 *
 * @module
 */
import type { Ranking, Selected } from "./round.ts";

/** What rounds leave behind, as plain values: with the factors, it makes the weights again. */
export interface RoundsState {
  readonly selected: readonly Selected[];
  readonly rankings: readonly Ranking[];
  /** A round that chose something: the names, and what its trials measured, in their order. */
  readonly conversions: readonly { readonly names: readonly string[]; readonly moved: readonly number[] }[];
  /** Between the model before and after matrices were written as factors, the largest of all rounds. */
  readonly factorizeDifference: number;
  /** Seconds that scores and policies took, and writing as factors. */
  readonly seconds: { readonly selection: number; readonly decomposition: number };
}
