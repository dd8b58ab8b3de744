/**
 * The properties of every policy and every score, on a toy model.
 *
 * @module
 */
import type { ImportanceScore } from "../importance_score.ts";
import { RandomKey } from "../random.ts";
import type { SelectionPolicy } from "../selection_policy.ts";
import * as tf from "../backend/tf.ts";
import { ScoringPass } from "../training/selection/importance_pass.ts";
import { expect, plainJson, same } from "./expect.ts";
import { TOY_EXAMPLES, TOY_MATRICES, toyWeights } from "./toy.ts";

const KNOWN = new Set(TOY_MATRICES.map(({ name }) => name));
const LENGTH = { steps: 400, stepsPerEpoch: 100 };

async function scoreOnce(score: ImportanceScore, matrices = TOY_MATRICES): Promise<ReadonlyMap<string, number>> {
  const weights = toyWeights();
  const pass = new ScoringPass({
    weights,
    values: weights.toDense(),
    examples: TOY_EXAMPLES,
    shape: { batchSize: 8, maxLength: 4, padId: 0 },
    matrices,
    key: RandomKey.of(2),
    afterBatch: () => Promise.resolve(),
  });
  try {
    return await score.score(pass);
  } finally {
    pass.dispose();
    weights.dispose();
  }
}

/** The checks of a score, by name. */
export function scoreChecks(score: ImportanceScore): [name: string, check: () => void | Promise<void>][] {
  return [
    ["options are plain JSON", () => plainJson(score.options)],
    ["a finite number for each matrix, and for no other", async () => {
      for (const matrices of [TOY_MATRICES, TOY_MATRICES.slice(0, 2)]) {
        const scores = await scoreOnce(score, matrices);
        for (const { name } of matrices) {
          expect(Number.isFinite(scores.get(name)), `${name}: expected a finite number, got ${scores.get(name)}`);
        }
        expect(scores.size === matrices.length, `expected ${matrices.length} numbers, got ${scores.size}`);
      }
    }],
    ["the same again on a second call", async () => {
      same([...await scoreOnce(score)], [...await scoreOnce(score)], "a second call gave other scores");
    }],
    ["leaves no tensor behind", async () => {
      await scoreOnce(score);
      const before = tf.memory().numTensors;
      await scoreOnce(score);
      const left = tf.memory().numTensors - before;
      expect(left === 0, `${left} tensors remained`);
    }],
  ];
}

// All rounds of a run: the names of each.
async function selectAll(policy: SelectionPolicy, seed = 1): Promise<string[][]> {
  const converted = new Set<string>(), rounds: string[][] = [];
  for (const step of policy.rounds?.(LENGTH) ?? [0]) {
    const names = await policy.select({
      matrices: TOY_MATRICES,
      converted: new Set(converted),
      step,
      key: RandomKey.of(seed).fold(step),
      note: () => {},
      score: (score, matrices = TOY_MATRICES) => scoreOnce(score, matrices),
    });
    rounds.push([...names]);
    names.forEach((name) => converted.add(name));
  }
  return rounds;
}

/** The checks of a policy, by name. */
export function policyChecks(policy: SelectionPolicy): [name: string, check: () => void | Promise<void>][] {
  return [
    ["options are plain JSON", () => plainJson(policy.options)],
    ["rounds are steps of the run, rising", () => {
      const rounds = [...policy.rounds?.(LENGTH) ?? [0]];
      for (const [index, step] of rounds.entries()) {
        const fits = Number.isInteger(step) && step >= 0 && step < LENGTH.steps &&
          (index === 0 || step > rounds[index - 1]!);
        expect(fits, `expected rounds at increasing steps of ${LENGTH.steps}, got round ${index} before step ${step}`);
      }
    }],
    ["chooses matrices of the model, each once", async () => {
      const names = (await selectAll(policy)).flat();
      for (const name of names) expect(KNOWN.has(name), `it selected "${name}", which is not a matrix of the model`);
      expect(new Set(names).size === names.length, "it selected a matrix twice");
      expect(names.length > 0, "it selected nothing");
    }],
    ["the same from the same key, again on a second call", async () => {
      same(await selectAll(policy), await selectAll(policy), "a second run gave another choice");
    }],
  ];
}
