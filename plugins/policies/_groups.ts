/**
 * Groups of matrices within which they compete.
 *
 * @module
 */
import { checkChoice, type ImportanceScore, type MatrixInfo, RequestError } from "@opf/framework";

/**
 * How matrices are grouped: by exact module, by kind (attention, ffn), or all together. In an encoder-decoder model, the
 * modules of the encoder and of the decoder are different groups; the other groups have matrices of both, cross-attention
 * included. `"asReleased"` matches substrings of names, as the code released with the paper does: `output.dense`, the second
 * FFN matrix, is also a substring of the attention output's name, so the attention outputs compete in two groups and can
 * displace FFN matrices.
 */
export type Grouping = "module" | "kind" | "model" | "asReleased";

/** Which matrices a policy selects from, and which of them compete. */
export interface GroupOptions {
  /** Groups within which matrices compete. @default "module" */
  readonly by?: Grouping;
  /** Select in this half of an encoder-decoder model only. @default both */
  readonly stack?: "encoder" | "decoder";
}

const GROUP_OF: Readonly<Record<Exclude<Grouping, "asReleased">, (matrix: MatrixInfo) => string>> = {
  module: ({ module, stack }) => stack ? `${stack} ${module}` : module,
  kind: ({ kind }) => kind,
  model: () => "model",
};

/**
 * The matrices of each group, in the order of the model.
 *
 * @throws {RequestError} if the model does not have the stack
 */
export function groups(all: readonly MatrixInfo[], { by = "module", stack }: GroupOptions): Map<string, MatrixInfo[]> {
  const matrices = stack ? all.filter((matrix) => matrix.stack === stack) : all;
  if (stack && matrices.length === 0) {
    throw new RequestError(
      `stack: "${stack}": expected an encoder-decoder model (T5, BART), got a model of one stack.`,
    );
  }
  if (by !== "asReleased") return Map.groupBy(matrices, GROUP_OF[by]);
  const modules = [...new Set(matrices.map(({ module }) => module))];
  return new Map(modules.map((module) => [module, matrices.filter(({ name }) => name.includes(`.${module}.`))]));
}

/** Throws unless the options name a grouping and a stack; the error suggests the nearest name. */
export function checkGroups({ by = "module", stack = "encoder" }: GroupOptions): void {
  checkChoice("by", by, [...Object.keys(GROUP_OF), "asReleased"]);
  checkChoice("stack", stack, ["encoder", "decoder"]);
}

/** Throws unless `value` is a positive integer; the error names the option. */
export function checkPositiveInteger(value: number, option: string): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new RequestError(`${option}: expected a positive integer, got ${value}.`);
}

/** Throws unless `value` is a score, and not a function that returns one; the error names the option. */
export function checkScore(value: ImportanceScore, option: string): void {
  if (typeof value?.score === "function") return;
  throw new RequestError(`${option}: expected an importance score such as taylor(), got ${Deno.inspect(value)}.`);
}

/**
 * Scores that differ by less, as a part of the larger, are equal. Some are equal in exact arithmetic, such as the Taylor
 * scores of values and attention outputs without biases, and rounding must not decide between them.
 */
const TIE = 1e-4;

/** The `n` matrices of each group with the highest scores; ties go to the earlier matrix. */
export function topOf(
  grouped: ReadonlyMap<string, readonly MatrixInfo[]>,
  { n, scores }: { n: number; scores: ReadonlyMap<string, number> },
): string[] {
  const best = [...grouped.values()].flatMap((matrices) => {
    const names = matrices.map(({ name }) => name);
    const left = names.toSorted((a, b) => scores.get(b)! - scores.get(a)!);
    const selected: string[] = [];
    while (selected.length < n && left.length > 0) {
      const highest = scores.get(left[0]!)!;
      const isTie = (name: string) => !(highest - scores.get(name)! > TIE * Math.abs(highest));
      const end = left.findIndex((name) => !isTie(name));
      const ties = new Set(left.splice(0, end < 0 ? left.length : end));
      selected.push(...names.filter((name) => ties.has(name)).slice(0, n - selected.length));
    }
    return selected;
  });
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
