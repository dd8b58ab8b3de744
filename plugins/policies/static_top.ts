/**
 * The static strategy: choose once, before training.
 *
 * @module
 */
import type { ImportanceScore, SelectionPolicy } from "@opf/framework";
import { checkGrouping, type Grouping, groups, topOf, wholeNumber } from "./_groups.ts";

/** Options of {@linkcode staticTop}. */
export interface StaticTopOptions {
  /** Matrices of each group; where a group has fewer, all of it is taken. */
  readonly n: number;
  /** Groups within which matrices compete. @default "module" */
  readonly by?: Grouping;
  /** What says how much a matrix matters. */
  readonly score: ImportanceScore;
}

/**
 * Chooses the `n` matrices of each group with the largest score, once, before any training (Gao et al. 2023, section
 * 4.3, the static strategy).
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
  wholeNumber(n, "staticTop({ n })");
  checkGrouping(by);
  return {
    name: "static-top",
    options: { n, by, score: { name: score.name, options: score.options } },
    ...(score.needs && { needs: score.needs }),
    select: async ({ matrices, note, score: scored }) => {
      const grouped = groups(matrices, by);
      for (const [group, { length }] of grouped) {
        if (length < n) note(`n = ${n} is more than the ${length} matrices of ${group}: all of them are taken.`);
      }
      return topOf(grouped, { n, scores: await scored(score) });
    },
  };
}
