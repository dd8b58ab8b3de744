/**
 * One round of selection: the policy selects matrices, and they become factors.
 *
 * @module
 */
import type { Decomposition } from "../../decomposition.ts";
import { unknownName } from "../../errors.ts";
import { type ImportanceScore, usesTrainingGradients } from "../../importance_score.ts";
import type { EncodedExample } from "../../model/batch.ts";
import type { MatrixInfo } from "../../model/model.ts";
import type { RandomKey } from "../../random.ts";
import type { SelectionPolicy } from "../../selection_policy.ts";
import type * as tf from "../../backend/tf.ts";
import type { Conversion, Weights } from "../../model/weights.ts";
import type { BatchShape } from "../batches.ts";
import { ScoringPass } from "./importance_pass.ts";

/** A matrix that was selected and factorized. */
export interface Selected extends Conversion {
  readonly step: number;
  /** The score by which the policy selected it; absent if it used none. */
  readonly score?: number;
}

/** The scores of matrices, in one round. */
export interface Ranking {
  readonly step: number;
  readonly score: string;
  /** Names and values, in descending order. */
  readonly ranking: readonly (readonly [name: string, value: number])[];
}

/** What a round needs. */
export interface RoundOptions {
  readonly weights: Weights;
  readonly policy: SelectionPolicy;
  readonly decomposition: Decomposition;
  readonly step: number;
  /** The examples that scores use. */
  readonly examples: readonly EncodedExample[];
  readonly shape: BatchShape;
  readonly key: RandomKey;
  /** Loads the same model after plain fine-tuning, for scores that need it; the caller takes over the tensors. */
  readonly fineTuned: () => Promise<ReadonlyMap<string, tf.Tensor>>;
  /** Mean gradients over the steps since the last round; the caller takes over the tensors. */
  readonly trainingGradients: () => Map<string, tf.Tensor2D>;
  /** Called after each batch of a score, with its number of examples; throws to end the run there. */
  readonly afterScoredBatch: (examples: number) => Promise<void>;
  readonly note: (message: string) => void;
}

/** The names of the matrices that the policy selects now, and the rankings it used. */
export async function select(options: RoundOptions): Promise<{ names: string[]; rankings: Ranking[] }> {
  const { weights, policy, step, key, note } = options;
  const { matrices } = weights.architecture;
  const converted = new Set(weights.factorized);
  const rankings: Ranking[] = [];
  const selected = await policy.select({
    matrices,
    converted,
    step,
    key: key.fold("policy"),
    note,
    score: async (score, scored = matrices) => {
      const values = await computeScores(score, scored, options);
      rankings.push({ step, score: score.name, ranking: [...values].sort(([, a], [, b]) => b - a) });
      return values;
    },
  });
  const known = matrices.map(({ name }) => name);
  for (const name of selected) if (!known.includes(name)) throw unknownName("matrix", name, known);
  return { names: [...new Set(selected)].filter((name) => !converted.has(name)), rankings };
}

/** Factorizes the selected matrices. */
export function convert(
  names: readonly string[],
  { rankings, weights, decomposition, step, key }: Pick<RoundOptions, "weights" | "step" | "key"> & {
    readonly rankings: readonly Ranking[];
    /** One for all matrices, or one for each. */
    readonly decomposition: Decomposition | ReadonlyMap<string, Decomposition>;
  },
): Selected[] {
  const scores = new Map(rankings.flatMap(({ ranking }) => ranking));
  return weights.factorize(names, { decomposition, key: key.fold("factorize") }).map((conversion): Selected => {
    const score = scores.get(conversion.name);
    return { ...conversion, step, ...(score !== undefined && { score }) };
  });
}

async function computeScores(
  score: ImportanceScore,
  matrices: readonly MatrixInfo[],
  { weights, examples, shape, key, afterScoredBatch, fineTuned, trainingGradients }: RoundOptions,
): Promise<ReadonlyMap<string, number>> {
  const values = score.needs?.includes("fineTunedModel") ? await fineTuned() : weights.toDense();
  const pass = new ScoringPass({
    weights,
    values,
    examples,
    shape,
    matrices,
    key: key.fold(score.name),
    ...(usesTrainingGradients(score.needs) && { trainingGradients }),
    afterBatch: afterScoredBatch,
  });
  try {
    const scores = await score.score(pass);
    for (const { name } of matrices) {
      const value = scores.get(name);
      if (!Number.isFinite(value)) {
        throw new Error(`The score "${score.name}": expected a finite number for ${name}, got ${value}.`);
      }
    }
    return scores;
  } finally {
    pass.dispose();
  }
}
