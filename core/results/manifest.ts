/**
 * `RUNS/experiments/<name>.json`: which runs an experiment consists of, under which labels.
 *
 * @module
 */
import { z } from "zod";
import { RequestError } from "../errors.ts";
import type { Json } from "../json.ts";
import { experimentFileName } from "./experiment_name.ts";
import { type Published, publishedSchema } from "./published_scores.ts";
import { type ManifestBaseline, manifestBaselineSchema } from "./reference_scores.ts";
import { canonical, toJson, writeTextAtomic } from "./result.ts";
import { anyJson, count, readStored, runId } from "./stored_json.ts";

/** A run as lists of runs name it. */
export interface ListedRun {
  readonly id: string;
  readonly model: string;
  readonly task: string;
  /** The label of its table row: the method's name, with the point of a sweep. */
  readonly method: string;
  readonly seed: number;
}

/** One run of an experiment. */
export interface ManifestRun extends ListedRun {
  /** The method's name without the point of a sweep. */
  readonly base: string;
  /** Values of the sweep by path; empty without one. */
  readonly point: { readonly [path: string]: Json };
}

/** A combination of values that was tried. */
export interface TriedValues {
  /** By path. */
  readonly values: { readonly [path: string]: Json };
  readonly mean: number;
  /** The number of its runs that diverged, if any: it is chosen only where every combination has such runs. */
  readonly diverged?: number;
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
  readonly tried: readonly TriedValues[];
}

/** What the command line changes of an experiment. */
export interface Overrides {
  readonly tasks?: readonly string[];
  readonly methods?: readonly string[];
  readonly models?: readonly string[];
  readonly seeds?: readonly number[];
  /** `path=value`, the value in JSON or as plain text. */
  readonly set?: readonly string[];
  /** The backend; each rounds differently, so that it is part of a run's id. @default the program's first */
  readonly backend?: string;
}

/** Where an experiment was declared, and what the command line changed of it: enough to run the same again. */
export interface Declaration {
  /** A name under `experiments/`, or the URL of a file. */
  readonly file: string;
  /** SHA-256 of the file in hexadecimal digits; `null` for one that was fetched. */
  readonly sha256: string | null;
  /** SHA-256 of each module from outside the tree that it imports. */
  readonly modules: readonly string[];
  readonly changes: Overrides;
}

/** The runs of an experiment, and what a report needs to know about it. */
export interface ExperimentManifest {
  readonly experiment: string;
  readonly declaration?: Declaration;
  readonly description?: string;
  /** Scores that others published for the same. */
  readonly published?: Published;
  /** The method that others are compared with. */
  readonly baseline: string;
  /**
   * Pairs of methods (names without the point of a sweep) to compare, the first minus the second; absent where the
   * experiment leaves it to the default.
   */
  readonly contrasts?: readonly (readonly [method: string, reference: string])[];
  /** The same across models: the first on each model minus the second on the next. */
  readonly modelContrasts?: readonly (readonly [method: string, reference: string])[];
  readonly tuned?: readonly Tuned[];
  /** Reference baselines of its tasks. */
  readonly grounds?: readonly ManifestBaseline[];
  readonly runs: readonly ManifestRun[];
}

const values = z.record(z.string(), anyJson);
const names = z.exactOptional(z.array(z.string()));

/** The fields of {@linkcode Overrides}, for schemas. */
export const overridesFields = {
  tasks: names,
  methods: names,
  models: names,
  seeds: z.exactOptional(z.array(count)),
  set: names,
  backend: z.exactOptional(z.string()),
} satisfies Record<keyof Overrides, z.ZodType>;

/** The fields of {@linkcode ListedRun}, for schemas. */
export const listedRunFields = {
  id: runId,
  model: z.string(),
  task: z.string(),
  method: z.string(),
  seed: count,
} satisfies Record<keyof ListedRun, z.ZodType>;

const manifestSchema: z.ZodType<ExperimentManifest> = z.object({
  experiment: z.string(),
  declaration: z.exactOptional(z.object({
    file: z.string(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits").nullable(),
    modules: z.array(z.string()),
    changes: z.object(overridesFields),
  })),
  description: z.exactOptional(z.string()),
  published: z.exactOptional(publishedSchema),
  baseline: z.string(),
  contrasts: z.exactOptional(z.array(z.tuple([z.string(), z.string()]))),
  modelContrasts: z.exactOptional(z.array(z.tuple([z.string(), z.string()]))),
  tuned: z.exactOptional(z.array(
    z.object({
      model: z.string(),
      task: z.string(),
      method: z.string(),
      chosen: values,
      atEdge: z.array(z.string()),
      tried: z.array(z.object({ values, mean: z.number(), diverged: z.exactOptional(count) })).min(1),
    }).refine(({ chosen, tried }) => tried.some(({ values }) => canonical(values) === canonical(chosen)), {
      path: ["chosen"],
      message: "expected values that were tried",
    }),
  )),
  grounds: z.exactOptional(z.array(manifestBaselineSchema)),
  runs: z.array(z.object({ ...listedRunFields, base: z.string(), point: values })).refine(
    (runs) =>
      new Set(runs.map(({ model, task, method, seed }) => canonical([model, task, method, seed]))).size === runs.length,
    "expected every model, task, method and seed once",
  ),
});

/** The path of an experiment's manifest. */
export const manifestPath = (name: string, runs: string): string =>
  `${runs}/experiments/${experimentFileName(name)}.json`;

/** Writes a manifest, replacing the experiment's earlier one. */
export async function writeManifest(manifest: ExperimentManifest, runs: string): Promise<void> {
  await Deno.mkdir(`${runs}/experiments`, { recursive: true });
  await writeTextAtomic(manifestPath(manifest.experiment, runs), toJson(manifest));
}

/** The manifest of the experiment of that name; `undefined` if it was never run. */
export async function readManifest(name: string, runs: string): Promise<ExperimentManifest | undefined> {
  const manifest = await readManifestFile(manifestPath(name, runs));
  if (manifest && manifest.experiment !== name) {
    throw new RequestError(
      `${manifestPath(name, runs)}: expected the experiment "${name}", got "${manifest.experiment}".`,
    );
  }
  return manifest;
}

/**
 * The manifest in a file; `undefined` if there is no such file.
 *
 * @throws {RequestError} for a damaged file
 */
export const readManifestFile = (path: string): Promise<ExperimentManifest | undefined> =>
  readStored(path, manifestSchema);

/** Fails if an experiment that is run again consists of other runs than before. */
export function checkSameRuns(manifest: Pick<ExperimentManifest, "runs">, before: ExperimentManifest): void {
  const known = new Set(before.runs.map(({ id }) => id));
  const others = manifest.runs.filter(({ id }) => !known.has(id));
  if (others.length === 0 && manifest.runs.length === before.runs.length) return;
  const [first] = others;
  throw new RequestError(
    `${before.experiment} would not be the same: of its ${manifest.runs.length} runs, ${others.length} are not among the ` +
      `${before.runs.length} of before` +
      (first ? ` (the first: ${first.task}, ${first.method}, seed ${first.seed})` : "") +
      ". Its file, a plugin, the weights, the data or this program changed since.",
  );
}
