/**
 * A round of selection: the policy is asked, matrices become factors, and the model must say the same as before.
 *
 * @module
 */
import type { Decomposition } from "../../decomposition.ts";
import { unknownName } from "../../errors.ts";
import type { ImportanceScore } from "../../importance_score.ts";
import type { EncodedExample } from "../../model/batch.ts";
import type { MatrixInfo } from "../../model/model.ts";
import type { RandomKey } from "../../random.ts";
import type { SelectionPolicy } from "../../selection_policy.ts";
import type * as tf from "../../backend/tf.ts";
import type { Conversion, Weights } from "../../model/weights.ts";
import type { BatchShape } from "../batches.ts";
import { ScoringPass } from "./importance_pass.ts";

/** A matrix that was chosen. */
export interface Selected extends Conversion {
  readonly step: number;
  /** By the policy's score; absent where it used none. */
  readonly score?: number;
}

/** What one score said of all the matrices that it was asked of. */
export interface Ranking {
  readonly step: number;
  readonly score: string;
  /** Names and values, the largest first. */
  readonly ranking: readonly (readonly [name: string, value: number])[];
}

/** What a round needs. */
export interface RoundOptions {
  readonly weights: Weights;
  readonly policy: SelectionPolicy;
  readonly decomposition: Decomposition;
  readonly step: number;
  /** What scores look at. */
  readonly examples: readonly EncodedExample[];
  readonly shape: BatchShape;
  readonly key: RandomKey;
  /** The same model after plain fine-tuning, for scores that need it; the caller takes the tensors over. */
  readonly fineTuned: () => Promise<ReadonlyMap<string, tf.Tensor>>;
  /** Mean gradients over the steps since the last round; the caller takes the tensors over. */
  readonly trainingGradients: () => Map<string, tf.Tensor2D>;
  readonly pause: () => Promise<void>;
  readonly note: (message: string) => void;
}

/** Asks the policy. Gives the names of what it chose anew, the scores it saw and the seconds it took. */
export async function choose(options: RoundOptions): Promise<{ names: string[]; rankings: Ranking[] }> {
  const { weights, policy, step, key, note } = options;
  const { matrices } = weights.architecture;
  const converted = new Set(weights.factorized);
  const rankings: Ranking[] = [];
  const chosen = await policy.select({
    matrices,
    converted,
    step,
    key: key.fold("policy"),
    note,
    score: async (score, some = matrices) => {
      const values = await scored(score, some, options);
      rankings.push({ step, score: score.name, ranking: [...values].sort(([, a], [, b]) => b - a) });
      return values;
    },
  });
  const known = matrices.map(({ name }) => name);
  for (const name of chosen) if (!known.includes(name)) throw unknownName("matrix", name, known);
  return { names: [...new Set(chosen)].filter((name) => !converted.has(name)), rankings };
}

/** Writes the chosen matrices as factors. */
export function convert(names: readonly string[], { rankings, ...options }: RoundOptions & { rankings: Ranking[] }) {
  const { weights, decomposition, step, key } = options;
  const scores = new Map(rankings.flatMap(({ ranking }) => ranking));
  return weights.factorize(names, { decomposition, key: key.fold("factorize") }).map((conversion): Selected => {
    const score = scores.get(conversion.name);
    return { ...conversion, step, ...(score !== undefined && { score }) };
  });
}

async function scored(
  score: ImportanceScore,
  matrices: readonly MatrixInfo[],
  { weights, examples, shape, key, pause, fineTuned, trainingGradients }: RoundOptions,
): Promise<ReadonlyMap<string, number>> {
  const values = score.needs?.includes("fineTunedModel") ? await fineTuned() : weights.toDense();
  const pass = new ScoringPass({
    weights,
    values,
    examples,
    shape,
    matrices,
    key: key.fold(score.name),
    ...(score.needs?.includes("trainingGradients") && { trainingGradients }),
    pause,
  });
  try {
    const scores = await score.score(pass);
    for (const { name } of matrices) {
      const value = scores.get(name);
      if (!Number.isFinite(value)) {
        throw new Error(`The score "${score.name}" wants a finite number for ${name}, found ${value}.`);
      }
    }
    return scores;
  } finally {
    pass.dispose();
  }
}
