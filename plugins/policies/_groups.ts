/**
 * Groups of matrices within which they compete.
 *
 * @module
 */
import { type MatrixInfo, RequestError } from "@opf/framework";

/** How matrices are grouped: by their exact module, by kind (attention, ffn), or all in one. */
export type Grouping = "module" | "kind" | "model";

const GROUP_OF: Readonly<Record<Grouping, (matrix: MatrixInfo) => string>> = {
  module: ({ module }) => module,
  kind: ({ kind }) => kind,
  model: () => "model",
};

/** The matrices by group, in the order in which the model has them. */
export function groups(matrices: readonly MatrixInfo[], by: Grouping): Map<string, MatrixInfo[]> {
  return Map.groupBy(matrices, GROUP_OF[by]);
}

/** A whole number, 1 or more, or an error that names the option. */
export function wholeNumber(value: number, what: string): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new RequestError(`${what}: wanted a whole number, 1 or more, found ${value}.`);
}

/** The `n` matrices of each group that score highest; the earlier one where scores are equal. */
export function topOf(
  grouped: ReadonlyMap<string, readonly MatrixInfo[]>,
  { n, scores }: { n: number; scores: ReadonlyMap<string, number> },
): string[] {
  return [...grouped.values()].flatMap((matrices) =>
    matrices.map(({ name }) => name).sort((a, b) => scores.get(b)! - scores.get(a)!).slice(0, n)
  );
}
