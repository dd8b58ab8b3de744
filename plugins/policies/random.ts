/**
 * Random selection: the control for scores.
 *
 * @module
 */
import { refuseOtherOptions, type SelectionPolicy } from "@opf/framework";
import { checkGroups, checkPositiveInteger, firstOf, type GroupOptions, groups } from "./_groups.ts";

/** Options of {@linkcode random}. */
export interface RandomOptions extends GroupOptions {
  /** Matrices per group; a group with fewer matrices is selected whole. */
  readonly n: number;
}

/**
 * Selects `n` matrices of each group at random, seeded by the run, before training.
 *
 * @example
 * ```ts
 * import { random } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(random({ n: 2 }).options, { n: 2, by: "module" });
 * ```
 */
export function random({ n, by = "module", stack, ...rest }: RandomOptions): SelectionPolicy {
  refuseOtherOptions("random", rest);
  checkPositiveInteger(n, "random({ n })");
  const grouping = { by, ...(stack && { stack }) };
  checkGroups(grouping);
  return {
    name: "random",
    options: { n, ...grouping },
    estimate: (matrices) => firstOf(groups(matrices, grouping), n),
    select: ({ matrices, key }) =>
      Promise.resolve([
        ...new Set([...groups(matrices, grouping)].flatMap(([group, members]) =>
          key.fold(group).permutation(members.length).slice(0, n).map((index) => members[index]!.name)
        )),
      ]),
  };
}

/** For `check-plugin`. */
export const examples: readonly SelectionPolicy[] = [random({ n: 1, by: "kind" })];
