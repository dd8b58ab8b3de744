/**
 * The static strategy: select once, before training.
 *
 * @module
 */
import { type ImportanceScore, refuseOtherOptions, type SelectionPolicy } from "@opf/framework";
import { exampleScore } from "./_example_score.ts";
import { checkGroups, checkPositiveInteger, checkScore, firstOf, type GroupOptions, groups, topOf } from "./_groups.ts";

/** Options of {@linkcode staticTop}. */
export interface StaticTopOptions extends GroupOptions {
  /** Matrices per group; a group with fewer matrices is selected whole. */
  readonly n: number;
  /** Ranks the matrices. */
  readonly score: ImportanceScore;
}

/**
 * Selects the `n` matrices of each group with the highest scores once, before any training (Gao et al. 2023, section 4.3, the
 * static strategy).
 *
 * @example
 * ```ts
 * import { staticTop, taylor } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const policy = staticTop({ n: 3, score: taylor() });
 * assertEquals(policy.options, { n: 3, by: "module", score: { name: "taylor", options: { reduce: "abs-sum" } } });
 * ```
 */
export function staticTop({ n, by = "module", stack, score, ...rest }: StaticTopOptions): SelectionPolicy {
  refuseOtherOptions("staticTop", rest);
  checkPositiveInteger(n, "staticTop({ n })");
  checkScore(score, "staticTop({ score })");
  const grouping = { by, ...(stack && { stack }) };
  checkGroups(grouping);
  return {
    name: "static-top",
    options: { n, ...grouping, score: { name: score.name, options: score.options } },
    ...(score.needs && { needs: score.needs }),
    estimate: (matrices) => firstOf(groups(matrices, grouping), n),
    select: async ({ matrices, note, score: computeScores }) => {
      const grouped = groups(matrices, grouping);
      for (const [group, { length }] of grouped) {
        if (length < n) note(`n = ${n} exceeds the ${length} matrices of ${group}: all of them are selected.`);
      }
      const candidates = stack && matrices.filter((matrix) => matrix.stack === stack);
      return topOf(grouped, { n, scores: await computeScores(score, candidates) });
    },
  };
}

/** For `check-plugin`. */
export const examples: readonly SelectionPolicy[] = [
  staticTop({ n: 2, score: exampleScore }),
  staticTop({ n: 2, score: exampleScore, by: "asReleased" }),
];
