/**
 * All that a policy selects.
 *
 * @module
 */
import { type MatrixInfo, RandomKey, type SelectionPolicy } from "@opf/framework";

/** What a policy selects in a run of 100 steps, in the order of the matrices, and the names that it has scored. */
export async function selectAll(policy: SelectionPolicy, matrices: readonly MatrixInfo[]) {
  const converted = new Set<string>(), scored = new Set<string>();
  for (const step of policy.rounds?.({ steps: 100, stepsPerEpoch: 10 }) ?? [0]) {
    const names = await policy.select({
      matrices,
      converted: new Set(converted),
      step,
      key: RandomKey.of(step),
      note: () => {},
      score: (score, candidates = matrices) => {
        candidates.forEach(({ name }) => scored.add(name));
        return score.score({ matrices: candidates } as never);
      },
    });
    for (const name of names) converted.add(name);
  }
  return { selected: matrices.filter(({ name }) => converted.has(name)), scored };
}
