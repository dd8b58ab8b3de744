/**
 * What a selection policy is: the one that says which matrices are decomposed, and when.
 *
 * @module
 */
import type { ImportanceScore, Need } from "./importance_score.ts";
import type { Json } from "./json.ts";
import type { MatrixInfo } from "./model/model.ts";
import type { RandomKey } from "./random.ts";

/** The length of a run, in optimiser steps. */
export interface RunLength {
  readonly steps: number;
  readonly stepsPerEpoch: number;
}

/** What a policy may look at when it is asked. */
export interface SelectionContext {
  /** All matrices of the model that may be decomposed. */
  readonly matrices: readonly MatrixInfo[];
  /** Names of those that are decomposed already. */
  readonly converted: ReadonlySet<string>;
  /** The step before which this is asked: 0 is before any training. */
  readonly step: number;
  /** Scores matrices with what the score needs (gradients, a fine-tuned model), and stores the ranking. */
  score(score: ImportanceScore, matrices?: readonly MatrixInfo[]): Promise<ReadonlyMap<string, number>>;
  readonly key: RandomKey;
  /** Says something to the person who watches. */
  note(message: string): void;
}

/** Chooses matrices; `name` and `options` are stored with every result. */
export interface SelectionPolicy {
  readonly name: string;
  readonly options: Json;
  readonly needs?: readonly Need[];
  /** The steps before which {@linkcode select} is called. @default `[0]`, before any training */
  rounds?(length: RunLength): readonly number[];
  /**
   * As many names as a whole run decomposes, from the matrices alone: what a run will cost is estimated before any weight
   * is read. Which ones of equal shape they are does not matter. @default every matrix
   */
  estimate?(matrices: readonly MatrixInfo[]): readonly string[];
  /** Names of matrices to decompose now; what is decomposed already is ignored. */
  select(context: SelectionContext): Promise<readonly string[]>;
}
