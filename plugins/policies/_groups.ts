/**
 * Groups of matrices within which they compete.
 *
 * @module
 */
import { type MatrixInfo, RequestError, unknownName } from "@opf/framework";

/**
 * How matrices are grouped: by exact module (of an encoder-decoder model, in each stack apart), by kind (attention, ffn), or
 * all together. `"asReleased"` matches substrings of
 * names, as the code released with the paper does: `output.dense`, the second FFN matrix, is also a substring of the attention
 * output's name, so the attention outputs compete in two groups and can displace FFN matrices.
 */
export type Grouping = "module" | "kind" | "model" | "asReleased";

const GROUP_OF: Readonly<Record<Exclude<Grouping, "asReleased">, (matrix: MatrixInfo) => string>> = {
  module: ({ module, stack }) => stack ? `${stack} ${module}` : module,
  kind: ({ kind }) => kind,
  model: () => "model",
};

/** The matrices of each group, in the order of the model. */
export function groups(matrices: readonly MatrixInfo[], by: Grouping): Map<string, MatrixInfo[]> {
  if (by !== "asReleased") return Map.groupBy(matrices, GROUP_OF[by]);
  const modules = [...new Set(matrices.map(({ module }) => module))];
  return new Map(modules.map((module) => [module, matrices.filter(({ name }) => name.includes(`.${module}.`))]));
}

/** Throws unless `by` names a grouping; the error suggests the nearest name. */
export function checkGrouping(by: string): void {
  const known = [...Object.keys(GROUP_OF), "asReleased"];
  if (!known.includes(by)) throw unknownName("grouping", by, known);
}

/** Throws unless `value` is a positive integer; the error names the option. */
export function checkPositiveInteger(value: number, option: string): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new RequestError(`${option}: expected a positive integer, got ${value}.`);
}

/** The `n` matrices of each group with the highest scores; ties go to the earlier matrix. */
export function topOf(
  grouped: ReadonlyMap<string, readonly MatrixInfo[]>,
  { n, scores }: { n: number; scores: ReadonlyMap<string, number> },
): string[] {
  const best = [...grouped.values()].flatMap((matrices) =>
    matrices.map(({ name }) => name).sort((a, b) => scores.get(b)! - scores.get(a)!).slice(0, n)
  );
  return [...new Set(best)];
}

/** Names of `n` matrices of each group, the first that no earlier group took: the most that a selection by groups takes. */
export function firstOf(grouped: ReadonlyMap<string, readonly MatrixInfo[]>, n: number): string[] {
  const names = new Set<string>();
  for (const matrices of grouped.values()) {
    for (const { name } of matrices.filter(({ name }) => !names.has(name)).slice(0, n)) names.add(name);
  }
  return [...names];
}
