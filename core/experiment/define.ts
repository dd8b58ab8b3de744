/**
 * Experiments as declarations.
 *
 * @module
 */
import { z } from "zod";
import { RequestError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { LanguageModel } from "../model/model.ts";
import type { Task } from "../task.ts";
import { type TrainingOptions, trainingSchema } from "../training/settings.ts";
import { experimentNameSchema } from "../results/experiment_name.ts";
import { type PublishedOptions, publishedSchema } from "../results/published_scores.ts";
import { check, shown } from "./check.ts";
import { checkMethods } from "./check_methods.ts";
import type { Methods } from "./method.ts";

/** What an experiment declares: everything else has a default. A list that is a set holds nothing twice. */
export interface ExperimentDefinition<P extends Readonly<Record<string, Json>> = Readonly<Record<string, Json>>> {
  /** Letters, digits and `. _ -`, in parts separated by `/` that begin with a letter, a digit or `_`. */
  readonly name: string;
  readonly description?: string;
  /** Names on the hub, folders (relative to the user's folder), or values such as `bert({ source, layers: 3 })`. */
  readonly models: readonly (string | LanguageModel)[];
  /** Names or values. */
  readonly tasks: readonly (string | Task)[];
  /** Integers from 0 to 2⁵³ − 1. */
  readonly seeds: readonly number[];
  readonly training?: TrainingOptions;
  /** What `--set` and sweeps may change in the methods. */
  readonly parameters?: P;
  readonly methods: Methods | ((parameters: P) => Methods);
  /**
   * Values of settings by path, in all combinations: `{ "parameters.tensors": [2, 5, 11] }`; or the points themselves:
   * `[{ "parameters.tensors": 2, "training.learningRate": 1e-4 }, …]`, as {@linkcode zipped} returns them.
   */
  readonly sweep?: Readonly<Record<string, readonly Json[]>> | readonly Readonly<Record<string, Json>>[];
  /**
   * Candidate values by path, tuned for each model, task and method separately: on a held-out tenth of the training
   * examples (never the dev set), by the mean primary metric over `tuningSeeds`. The final runs train on all training
   * examples. Learning rates of factors are tuned only for methods that train factors.
   */
  readonly tune?: Readonly<Record<string, readonly Json[]>>;
  /** All combinations of `tune`, or one path after the other in their order. @default "grid" */
  readonly search?: "grid" | "sequential";
  /** @default [101, 102, 103] */
  readonly tuningSeeds?: readonly number[];
  /** How often a run writes a checkpoint; not part of a run's id. @default every 60 seconds */
  readonly checkpoint?: { readonly everySeconds?: number };
  /** The method that others are compared with. @default "fine-tuning", else the first */
  readonly baseline?: string;
  /**
   * Pairs of methods to compare, the first minus the second: `[["OPF-MPO static", "fine-tuning"]]`.
   * @default every method against the baseline, and every over-parameterized one against `rate-matched` and `frozen`
   * where the experiment has them
   */
  readonly contrasts?: readonly (readonly [method: string, reference: string])[];
  /**
   * Pairs of methods to compare across models: the first on each model minus the second on the next of `models`. With models
   * in the order of their sizes, `[["OPF-MPO static", "fine-tuning"]]` asks whether a small one reaches a larger one.
   */
  readonly modelContrasts?: readonly (readonly [method: string, reference: string])[];
  /** Published scores of the same methods and tasks. */
  readonly published?: PublishedOptions;
  /** What to know about the results, printed below them. */
  readonly notes?: readonly string[];
  /**
   * A model for reference, such as `untrained(bert({ source }))`: it is fine-tuned on each task with each seed, and
   * reported beside the majority class and the ceiling of the data.
   */
  readonly referenceModel?: LanguageModel;
  /**
   * What to run after this experiment: arguments of `deno task reproduce`, an experiment's name first. The commands are
   * printed last, with estimated hours.
   */
  readonly next?: readonly string[];
  /** How worker processes do the runs; not part of a run's id. */
  readonly workers?: {
    /** Concurrent runs on a CPU, unless `--jobs` says otherwise; one at a time on a GPU. @default 1 */
    readonly jobs?: number;
    /**
     * Bytes that a worker process may retain after a run, over what it held before its first, and still do another run.
     * Kernels are compiled once per process: a larger limit makes short runs faster, and their peak memory an upper
     * bound. Backends that compile whole programs keep them and retain up to 8e9. @default 256e6
     */
    readonly maxRetainedBytes?: number;
  };
}

/** An experiment that declares how it differs from another: methods, parameters and training settings are added. */
export type ExtendingDefinition<P extends Readonly<Record<string, Json>> = Readonly<Record<string, Json>>> =
  & Partial<ExperimentDefinition<P>>
  & { readonly name: string; readonly extends: Experiment };

/** An experiment whose plain fields are valid. */
export interface Experiment extends Omit<ExperimentDefinition, "methods" | "parameters"> {
  readonly parameters: Readonly<Record<string, Json>>;
  methods(parameters: Readonly<Record<string, Json>>): Methods;
}

const aFunction = z.custom((value) => typeof value === "function", "expected a function");

const taskSchema = z.looseObject({
  name: z.string(),
  head: z.looseObject({ kind: z.enum(["classification", "regression"]), outputs: z.int().min(1) }),
  metrics: z.array(z.looseObject({ name: z.string(), compute: aFunction })).min(1),
  primary: z.string(),
  load: aFunction,
});

const plain = z.strictObject({
  name: experimentNameSchema,
  description: z.string().optional(),
  models: z.array(z.union([z.string(), z.looseObject({ name: z.string(), source: z.string() })])).min(1),
  tasks: z.array(z.union([z.string(), taskSchema])).min(1),
  seeds: z.array(z.int().min(0)).min(1),
  training: trainingSchema.partial().optional(),
  parameters: z.record(z.string(), z.json()).optional(),
  methods: z.unknown(),
  sweep: z.union([
    z.record(z.string(), z.array(z.json()).min(1)),
    z.array(z.record(z.string(), z.json())).min(1),
  ]).optional(),
  tune: z.record(z.string(), z.array(z.json()).min(1)).optional(),
  search: z.enum(["grid", "sequential"]).optional(),
  tuningSeeds: z.array(z.int().min(0)).min(1).optional(),
  checkpoint: z.strictObject({ everySeconds: z.number().min(0).optional() }).optional(),
  baseline: z.string().optional(),
  contrasts: z.array(z.tuple([z.string(), z.string()])).min(1).optional(),
  modelContrasts: z.array(z.tuple([z.string(), z.string()])).min(1).optional(),
  published: publishedSchema.optional(),
  notes: z.array(z.string()).optional(),
  referenceModel: z.looseObject({ name: z.string(), source: z.string() }).optional(),
  next: z.array(z.string()).optional(),
  workers: z.strictObject({ jobs: z.int().min(1).optional(), maxRetainedBytes: z.number().min(0).optional() })
    .optional(),
});

/**
 * Declares an experiment: the default export of a file, under `experiments/` or anywhere else.
 *
 * @throws {RequestError} with the path in the declaration, what was expected there and what it got
 *
 * @example
 * ```ts
 * import { defineExperiment } from "@opf/framework";
 * import { mpo, staticTop, taylor } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const experiment = defineExperiment({
 *   name: "mine",
 *   models: ["sentence-transformers/all-MiniLM-L6-v2"],
 *   tasks: ["rte"],
 *   seeds: [1],
 *   parameters: { tensors: 5 },
 *   methods: ({ tensors }) => ({
 *     "fine-tuning": {},
 *     "OPF-MPO static": { decomposition: mpo({ tensors }), policy: staticTop({ n: 1, score: taylor() }) },
 *   }),
 * });
 * assertEquals(Object.keys(experiment.methods({ tensors: 5 })), ["fine-tuning", "OPF-MPO static"]);
 * ```
 */
export function defineExperiment<P extends Readonly<Record<string, Json>>>(
  definition: ExperimentDefinition<P> | ExtendingDefinition<P>,
): Experiment {
  if (typeof definition !== "object" || definition === null) {
    throw new RequestError(`defineExperiment(): expected an object, got ${shown(definition)}.`);
  }
  const { extends: base, ...rest } = { extends: undefined, ...definition };
  if (base !== undefined && typeof base?.methods !== "function") {
    throw new RequestError(`defineExperiment({ extends }): expected an experiment, got ${shown(base)}.`);
  }
  const { methods = {} } = rest;
  const merged = { ...base, ...rest, training: { ...base?.training, ...rest.training } };
  const parameters: Readonly<Record<string, Json>> = { ...base?.parameters, ...rest.parameters };
  const what = `experiment ${typeof rest.name === "string" ? JSON.stringify(rest.name) : "without a name"}`;
  check(plain, merged, what);
  return {
    ...merged as ExperimentDefinition,
    parameters,
    methods: (changed) => {
      const added = typeof methods === "function" ? methods(changed as P) : methods;
      checkMethods(added, what);
      const all = { ...base?.methods(changed), ...added };
      if (Object.keys(all).length === 0) throw new RequestError(`${what}: expected methods, got none.`);
      return all;
    },
  };
}

/**
 * The points of a sweep in which several settings change together: the first value of each, the second of each, and so on.
 *
 * @example
 * ```ts
 * import { zipped } from "@opf/framework";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(zipped({ "parameters.tensors": [2, 5], "training.learningRate": [1e-4, 5e-5] }), [
 *   { "parameters.tensors": 2, "training.learningRate": 1e-4 },
 *   { "parameters.tensors": 5, "training.learningRate": 5e-5 },
 * ]);
 * ```
 *
 * @throws {RequestError} if the lists differ in length
 */
export function zipped(lists: Readonly<Record<string, readonly Json[]>>): Readonly<Record<string, Json>>[] {
  const lengths = Object.values(lists).map(({ length }) => length);
  if (new Set(lengths).size !== 1) {
    throw new RequestError(`zipped(): expected lists of equal length, got lengths ${lengths.join(", ")}.`);
  }
  return Array.from(
    { length: lengths[0]! },
    (_, index) => Object.fromEntries(Object.entries(lists).map(([path, values]) => [path, values[index]!])),
  );
}
