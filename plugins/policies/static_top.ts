/**
 * The static strategy: select once, before training.
 *
 * @module
 */
import type { ImportanceScore, SelectionPolicy } from "@opf/framework";
import { exampleScore } from "./_example_score.ts";
import { checkGrouping, checkPositiveInteger, firstOf, type Grouping, groups, topOf } from "./_groups.ts";

/** Options of {@linkcode staticTop}. */
export interface StaticTopOptions {
  /** Matrices per group; a group with fewer matrices is selected whole. */
  readonly n: number;
  /** Groups within which matrices compete. @default "module" */
  readonly by?: Grouping;
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
export function staticTop({ n, by = "module", score }: StaticTopOptions): SelectionPolicy {
  checkPositiveInteger(n, "staticTop({ n })");
  checkGrouping(by);
  return {
    name: "static-top",
    options: { n, by, score: { name: score.name, options: score.options } },
    ...(score.needs && { needs: score.needs }),
    estimate: (matrices) => firstOf(groups(matrices, by), n),
    select: async ({ matrices, note, score: computeScores }) => {
      const grouped = groups(matrices, by);
      for (const [group, { length }] of grouped) {
        if (length < n) note(`n = ${n} exceeds the ${length} matrices of ${group}: all of them are selected.`);
      }
      return topOf(grouped, { n, scores: await computeScores(score) });
    },
  };
}

/** For `check-plugin`. */
export const examples: readonly SelectionPolicy[] = [
  staticTop({ n: 2, score: exampleScore }),
  staticTop({ n: 2, score: exampleScore, by: "asReleased" }),
];
