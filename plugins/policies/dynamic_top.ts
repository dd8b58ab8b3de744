/**
 * The dynamic strategy: select a few matrices, train, select again.
 *
 * @module
 */
import {
  checkChoice,
  type ImportanceScore,
  type MatrixInfo,
  refuseOtherOptions,
  RequestError,
  type RunLength,
  type SelectionPolicy,
} from "@opf/framework";
import { exampleScore } from "./_example_score.ts";
import { checkGroups, checkPositiveInteger, checkScore, firstOf, type GroupOptions, groups, topOf } from "./_groups.ts";

/** Options of {@linkcode dynamicTop}. */
export interface DynamicTopOptions extends GroupOptions {
  /** Matrices selected per group in total; a group with fewer matrices is selected whole. */
  readonly n: number;
  /** Matrices selected per group and round. @default 1 */
  readonly perRound?: number;
  /** Training between rounds. @default the rounds are spread over the first half of the run */
  readonly every?: { readonly steps: number } | { readonly epochs: number };
  /** Whether the first round follows a stretch of training, as in the paper, or precedes all training. @default "after" */
  readonly firstRound?: "after" | "before";
  /** Recomputed at each round with the current weights. */
  readonly score: ImportanceScore;
}

/**
 * Selects the `perRound` matrices of each group with the highest scores, continues training, and repeats until `n` matrices
 * of each group are selected (Gao et al. 2023, algorithm 1, the dynamic strategy). The paper does not state how long it trains
 * between rounds.
 *
 * @example The steps before which it selects
 * ```ts
 * import { dynamicTop, taylor } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const policy = dynamicTop({ n: 5, perRound: 2, every: { steps: 10 }, score: taylor() });
 * assertEquals(policy.rounds!({ steps: 100, stepsPerEpoch: 50 }), [10, 20, 30]);
 * ```
 */
export function dynamicTop(options: DynamicTopOptions): SelectionPolicy {
  const { n, perRound = 1, every, firstRound = "after", by = "module", stack, score, ...rest } = options;
  refuseOtherOptions("dynamicTop", rest);
  checkPositiveInteger(n, "dynamicTop({ n })");
  checkPositiveInteger(perRound, "dynamicTop({ perRound })");
  checkChoice("dynamicTop({ firstRound })", firstRound, ["after", "before"]);
  checkScore(score, "dynamicTop({ score })");
  const grouping = { by, ...(stack && { stack }) };
  checkGroups(grouping);
  const count = Math.ceil(n / perRound);
  const rounds = ({ steps, stepsPerEpoch }: RunLength): number[] => {
    const between = !every
      ? Math.max(1, Math.floor(steps / 2 / count))
      : "steps" in every
      ? checkPositiveInteger(every.steps, "dynamicTop({ every: { steps } })")
      : Math.max(1, Math.round(every.epochs * stepsPerEpoch));
    const boundaries = Array.from(
      { length: count },
      (_, round) => between * (firstRound === "after" ? round + 1 : round),
    );
    if (boundaries.at(-1)! < steps) return boundaries;
    throw new RequestError(
      `dynamicTop: ${count} rounds, ${between} steps apart, do not fit into a run of ${steps} steps.`,
    );
  };
  return {
    name: "dynamic-top",
    options: {
      n,
      perRound,
      ...(every && { every: { ...every } }),
      firstRound,
      ...grouping,
      score: { name: score.name, options: score.options },
    },
    ...(score.needs && { needs: score.needs }),
    rounds,
    estimate: (matrices) => firstOf(groups(matrices, grouping), n),
    select: async ({ matrices, converted, note, score: computeScores }) => {
      const grouped = groups(matrices, grouping);
      for (const [group, { length }] of grouped) {
        if (length < n) note(`n = ${n} exceeds the ${length} matrices of ${group}: all of them are selected.`);
      }
      const selected = countSelected(grouped, converted);
      const rounds = [...grouped].map(([group, members]) => {
        const count = Math.min(perRound, n - selected.get(group)!);
        return { group, count, candidates: count > 0 ? members.filter(({ name }) => !converted.has(name)) : [] };
      });
      const scored = [...new Set(rounds.flatMap(({ candidates }) => candidates))];
      if (scored.length === 0) return []; // every group is selected whole
      const scores = await computeScores(score, scored);
      return rounds.flatMap(({ group, count, candidates }) =>
        topOf(new Map([[group, candidates]]), { n: count, scores })
      );
    },
  };
}

/** For `check-plugin`. */
export const examples: readonly SelectionPolicy[] = [
  dynamicTop({ n: 3, perRound: 2, score: exampleScore }),
  dynamicTop({ n: 2, firstRound: "before", every: { steps: 3 }, score: exampleScore }),
];

/**
 * How many matrices each group has selected in earlier rounds. Groups that share matrices (`by: "asReleased"`) select in step
 * with the others: what one group converted must not use up another group's `n`.
 */
function countSelected(
  grouped: ReadonlyMap<string, readonly MatrixInfo[]>,
  converted: ReadonlySet<string>,
): Map<string, number> {
  const groupsOf = Map.groupBy([...grouped.values()].flat(), ({ name }) => name);
  const isDisjoint = (members: readonly MatrixInfo[]) => members.every(({ name }) => groupsOf.get(name)!.length === 1);
  const countConverted = (members: readonly MatrixInfo[]) => members.filter(({ name }) => converted.has(name)).length;
  const inStep = [...grouped.values()].filter(isDisjoint).map(countConverted);
  return new Map(
    [...grouped].map(([group, members]) => [
      group,
      isDisjoint(members) || inStep.length === 0 ? countConverted(members) : Math.max(...inStep),
    ]),
  );
}
