/**
 * Selection policies decide which matrices are decomposed, and when.
 *
 * @module
 */
import type { ImportanceScore, Need } from "./importance_score.ts";
import type { Json } from "./json.ts";
import type { MatrixInfo } from "./model/model.ts";
import type { RandomKey } from "./random.ts";

/** The length of a run in optimizer steps. */
export interface RunLength {
  readonly steps: number;
  readonly stepsPerEpoch: number;
}

/** What a policy has access to when it selects. */
export interface SelectionContext {
  /** All decomposable matrices of the model. */
  readonly matrices: readonly MatrixInfo[];
  /** Names of the matrices that are already decomposed. */
  readonly converted: ReadonlySet<string>;
  /** The step that follows this selection; 0 precedes all training. */
  readonly step: number;
  /** Computes a score with everything it needs (gradients, a fine-tuned model) and stores the ranking. */
  score(score: ImportanceScore, matrices?: readonly MatrixInfo[]): Promise<ReadonlyMap<string, number>>;
  readonly key: RandomKey;
  /** Prints a message for the user. */
  note(message: string): void;
}

/** Selects matrices. `name` and `options` are stored with every result. */
export interface SelectionPolicy {
  readonly name: string;
  readonly options: Json;
  readonly needs?: readonly Need[];
  /** The steps before which {@linkcode select} is called. @default `[0]`, before all training */
  rounds?(length: RunLength): readonly number[];
  /**
   * The names that a complete run would decompose, predicted from the matrices alone, to estimate the cost of a run before
   * weights are read. Which of several matrices of equal shape are named does not matter. @default every matrix
   */
  estimate?(matrices: readonly MatrixInfo[]): readonly string[];
  /** Returns the names of matrices to decompose now; names of matrices that are already decomposed are ignored. */
  select(context: SelectionContext): Promise<readonly string[]>;
}
