/**
 * Methods of fine-tuning as experiments declare them.
 *
 * @module
 */
import type { Decomposition } from "../decomposition.ts";
import type { SelectionPolicy } from "../selection_policy.ts";
import type { TrainingOptions } from "../training/settings.ts";

/** A method of fine-tuning: a row of the results table. Plain fine-tuning is `{}`. */
export interface MethodDefinition {
  readonly decomposition?: Decomposition;
  readonly policy?: SelectionPolicy;
  /** Training settings that differ from the experiment's. */
  readonly training?: TrainingOptions;
}

/** Methods by the names that tables show: any text without control characters. */
export type Methods = Readonly<Record<string, MethodDefinition>>;
