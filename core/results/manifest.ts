/**
 * `RUNS/experiments/<name>.json`: which runs an experiment asked for, under which labels.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { ManifestBaseline } from "./reference_scores.ts";
import { type Published, publishedSchema } from "./published_scores.ts";
import { toJson, writeTextAtomic } from "./result.ts";

/** One run as an experiment asked for it. */
export interface ManifestRun {
  readonly id: string;
  readonly model: string;
  readonly task: string;
  /** The label of its table row: the method's name, with the point of a sweep. */
  readonly method: string;
  readonly seed: number;
  /** The method's name without the point of a sweep. */
  readonly base: string;
  /** Values of the sweep by path; empty without one. */
  readonly point: { readonly [path: string]: Json };
}

/** How the settings of one method on one task were chosen. */
export interface Tuned {
  readonly model: string;
  readonly task: string;
  readonly method: string;
  /** Values by path. */
  readonly chosen: { readonly [path: string]: Json };
  /** Paths whose value is the smallest or the largest that was tried. */
  readonly atEdge: readonly string[];
  /** Each combination that was tried, with the mean of the primary metric on held-out training data. */
  readonly tried: readonly { readonly values: { readonly [path: string]: Json }; readonly mean: number }[];
}

/** What the command line changes. */
export interface Overrides {
  readonly tasks?: readonly string[];
  readonly methods?: readonly string[];
  readonly models?: readonly string[];
  readonly seeds?: readonly number[];
  /** `path=value`, the value in JSON or as a word. */
  readonly set?: readonly string[];
  /** What computes: rounding, and with it the runs, are each backend's own. @default the program's first */
  readonly backend?: string;
}

/** Where an experiment was declared, and what the command line changed of it: enough to ask for the same again. */
export interface Declaration {
  /** A name under `experiments/`, or the URL of a file. */
  readonly file: string;
  /** Of the file, in hexadecimal digits; `null` for one that is fetched. */
  readonly sha256: string | null;
  /** Sha256 of each module from outside the tree that it imports. */
  readonly modules: readonly string[];
  readonly changes: Overrides;
}

/** What an experiment asked for. */
export interface ExperimentManifest {
  readonly experiment: string;
  readonly declaration?: Declaration;
  readonly description?: string;
  /** What others published of the same. */
  readonly published?: Published;
  /** The method that others are compared with. */
  readonly baseline: string;
  /**
   * Pairs of methods (names without the point of a sweep) to compare, the first minus the second; absent where the
   * experiment leaves it to the default.
   */
  readonly contrasts?: readonly (readonly [method: string, reference: string])[];
  readonly tuned?: readonly Tuned[];
  /** What its figures are to be seen against. */
  readonly grounds?: readonly ManifestBaseline[];
  readonly runs: readonly ManifestRun[];
}

const path = (name: string, runs: string) => `${runs}/experiments/${name.replaceAll("/", "-")}.json`;

/** Writes it, replacing what the same experiment asked for before. */
export async function writeManifest(asked: ExperimentManifest, runs: string): Promise<void> {
  await Deno.mkdir(`${runs}/experiments`, { recursive: true });
  await writeTextAtomic(path(asked.experiment, runs), toJson(asked));
}

/** What the experiment of that name asked for last, or nothing. */
export const readManifest = (name: string, runs: string): Promise<ExperimentManifest | undefined> =>
  readManifestFile(path(name, runs));

/** What such a file says, or nothing where there is none. */
export async function readManifestFile(path: string): Promise<ExperimentManifest | undefined> {
  let asked: ExperimentManifest;
  try {
    asked = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof SyntaxError) throw new RequestError(`${path} is no JSON: ${error.message}`);
    throw error;
  }
  if (typeof asked?.experiment !== "string" || !Array.isArray(asked.runs)) {
    throw new RequestError(`${path} is not what an experiment asked for: wanted its name and its runs.`);
  }
  if (asked.published) publishedSchema.parse(asked.published);
  return asked;
}

/** Fails where an experiment, asked for again, means other runs than it did. */
export function checkSameRuns(asked: Pick<ExperimentManifest, "runs">, before: ExperimentManifest): void {
  const known = new Set(before.runs.map(({ id }) => id));
  const others = asked.runs.filter(({ id }) => !known.has(id));
  if (others.length === 0 && asked.runs.length === before.runs.length) return;
  const [first] = others;
  throw new RequestError(
    `${before.experiment} would not be the same: ${others.length} of its ${asked.runs.length} runs are others than the ` +
      `${before.runs.length} it asked for` +
      (first ? ` (the first: ${first.task}, ${first.method}, seed ${first.seed})` : "") +
      ". Its file, a plugin, the weights, the data or this program changed since.",
  );
}
