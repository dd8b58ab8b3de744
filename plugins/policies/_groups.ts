/**
 * Groups of matrices within which they compete.
 *
 * @module
 */
import { type MatrixInfo, RequestError, unknownName } from "@opf/framework";

/**
 * How matrices are grouped: by their exact module, by kind (attention, ffn), or all in one. `"asReleased"` groups by parts of
 * names, as the code released with the paper does: the second FFN matrix's `output.dense` is also a part of the attention
 * output's name, so that these matrices compete in two groups and may push the FFN's out.
 */
export type Grouping = "module" | "kind" | "model" | "asReleased";

const GROUP_OF: Readonly<Record<Exclude<Grouping, "asReleased">, (matrix: MatrixInfo) => string>> = {
  module: ({ module }) => module,
  kind: ({ kind }) => kind,
  model: () => "model",
};

/** The matrices by group, in the order in which the model has them. */
export function groups(matrices: readonly MatrixInfo[], by: Grouping): Map<string, MatrixInfo[]> {
  if (by !== "asReleased") return Map.groupBy(matrices, GROUP_OF[by]);
  const modules = [...new Set(matrices.map(({ module }) => module))];
  return new Map(modules.map((module) => [module, matrices.filter(({ name }) => name.includes(`.${module}.`))]));
}

/** Groups by name, or an error with the nearest known one. */
export function checkGrouping(by: string): void {
  const known = [...Object.keys(GROUP_OF), "asReleased"];
  if (!known.includes(by)) throw unknownName("grouping", by, known);
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
  const best = [...grouped.values()].flatMap((matrices) =>
    matrices.map(({ name }) => name).sort((a, b) => scores.get(b)! - scores.get(a)!).slice(0, n)
  );
  return [...new Set(best)];
}
