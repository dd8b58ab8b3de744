/**
 * Chance as a policy: the control for scores.
 *
 * @module
 */
import type { SelectionPolicy } from "@opf/framework";
import { checkGrouping, type Grouping, groups, wholeNumber } from "./_groups.ts";

/** Options of {@linkcode random}. */
export interface RandomOptions {
  /** Matrices of each group; where a group has fewer, all of it is taken. */
  readonly n: number;
  /** @default "module" */
  readonly by?: Grouping;
}

/**
 * Chooses `n` matrices of each group by chance, from the run's seed, before training.
 *
 * @example
 * ```ts
 * import { random } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(random({ n: 2 }).options, { n: 2, by: "module" });
 * ```
 */
export function random({ n, by = "module" }: RandomOptions): SelectionPolicy {
  wholeNumber(n, "random({ n })");
  checkGrouping(by);
  return {
    name: "random",
    options: { n, by },
    select: ({ matrices, key }) =>
      Promise.resolve([
        ...new Set([...groups(matrices, by)].flatMap(([group, own]) =>
          key.fold(group).permutation(own.length).slice(0, n).map((at) => own[at]!.name)
        )),
      ]),
  };
}
