/**
 * The dynamic strategy: choose a few, train, choose again.
 *
 * @module
 */
import { type ImportanceScore, RequestError, type RunLength, type SelectionPolicy } from "@opf/framework";
import { checkGrouping, type Grouping, groups, topOf, wholeNumber } from "./_groups.ts";

/** Options of {@linkcode dynamicTop}. */
export interface DynamicTopOptions {
  /** Matrices of each group in the end; where a group has fewer, all of it is taken. */
  readonly n: number;
  /** Matrices of each group in one round. @default 1 */
  readonly perRound?: number;
  /** Training between rounds. @default as much as spreads all rounds over the first half of the run */
  readonly every?: { readonly steps: number } | { readonly epochs: number };
  /** Whether the first round comes after a stretch of training, as in the paper, or before any. @default "after" */
  readonly firstRound?: "after" | "before";
  /** @default "module" */
  readonly by?: Grouping;
  /** Computed anew at each round, at the weights reached. */
  readonly score: ImportanceScore;
}

/**
 * Chooses the `perRound` matrices of each group with the largest score, trains on, and again, until `n` of each group are
 * chosen (Gao et al. 2023, algorithm 1, the dynamic strategy). The paper does not say how long it trains between rounds.
 *
 * @example The steps before which it chooses
 * ```ts
 * import { dynamicTop, taylor } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const policy = dynamicTop({ n: 5, perRound: 2, every: { steps: 10 }, score: taylor() });
 * assertEquals(policy.rounds!({ steps: 100, stepsPerEpoch: 50 }), [10, 20, 30]);
 * ```
 */
export function dynamicTop(options: DynamicTopOptions): SelectionPolicy {
  const { n, perRound = 1, every, firstRound = "after", by = "module", score } = options;
  wholeNumber(n, "dynamicTop({ n })");
  wholeNumber(perRound, "dynamicTop({ perRound })");
  checkGrouping(by);
  const count = Math.ceil(n / perRound);
  const rounds = ({ steps, stepsPerEpoch }: RunLength): number[] => {
    const between = !every
      ? Math.max(1, Math.floor(steps / 2 / count))
      : "steps" in every
      ? wholeNumber(every.steps, "dynamicTop({ every: { steps } })")
      : Math.max(1, Math.round(every.epochs * stepsPerEpoch));
    const found = Array.from({ length: count }, (_, round) => between * (firstRound === "after" ? round + 1 : round));
    if (found.at(-1)! < steps) return found;
    throw new RequestError(
      `dynamicTop: ${count} rounds with ${between} steps between do not fit into a run of ${steps} steps.`,
    );
  };
  return {
    name: "dynamic-top",
    options: {
      n,
      perRound,
      ...(every && { every: { ...every } }),
      firstRound,
      by,
      score: { name: score.name, options: score.options },
    },
    ...(score.needs && { needs: score.needs }),
    rounds,
    select: async ({ matrices, converted, note, score: scored }) => {
      const grouped = [...groups(matrices, by)].map(([group, own]) => {
        if (own.length < n) {
          note(`n = ${n} is more than the ${own.length} matrices of ${group}: all of them are taken.`);
        }
        const open = own.filter(({ name }) => !converted.has(name));
        const wanted = Math.min(perRound, n - (own.length - open.length));
        return { group, open: wanted > 0 ? open : [], wanted };
      });
      const scores = await scored(score, [...new Set(grouped.flatMap(({ open }) => open))]);
      return grouped.flatMap(({ group, open, wanted }) => topOf(new Map([[group, open]]), { n: wanted, scores }));
    },
  };
}
