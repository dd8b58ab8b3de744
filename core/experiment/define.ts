/**
 * Experiments as declarations.
 *
 * @module
 */
import { z } from "zod";
import type { Decomposition } from "../decomposition.ts";
import { RequestError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { LanguageModel } from "../model/model.ts";
import type { SelectionPolicy } from "../selection_policy.ts";
import type { Task } from "../task.ts";
import { type TrainingOptions, trainingSchema } from "../training/settings.ts";
import { type PublishedOptions, publishedSchema } from "../results/published_scores.ts";

/** One row of the results table. Plain fine-tuning is `{}`. */
export interface MethodDefinition {
  readonly decomposition?: Decomposition;
  readonly policy?: SelectionPolicy;
  /** Settings of training that differ from the experiment's. */
  readonly training?: TrainingOptions;
}

/** Methods by the names that tables show. */
export type Methods = Readonly<Record<string, MethodDefinition>>;

/** What an experiment states: everything else is by default. */
export interface ExperimentDefinition<P extends Readonly<Record<string, Json>> = Readonly<Record<string, Json>>> {
  readonly name: string;
  readonly description?: string;
  /** Names of models on the hub or folders, or values as `bert({ source, layers: 3 })`. */
  readonly models: readonly (string | LanguageModel)[];
  /** Names, or values. */
  readonly tasks: readonly (string | Task)[];
  readonly seeds: readonly number[];
  readonly training?: TrainingOptions;
  /** What `--set` and sweeps may change inside the methods. */
  readonly parameters?: P;
  readonly methods: Methods | ((parameters: P) => Methods);
  /**
   * Values of settings by path, all combinations: `{ "parameters.tensors": [2, 5, 11] }`; or the points themselves, one
   * by one: `[{ "parameters.tensors": 2, "training.learningRate": 1e-4 }, …]`, as {@linkcode zipped} makes them.
   */
  readonly sweep?: Readonly<Record<string, readonly Json[]>> | readonly Readonly<Record<string, Json>>[];
  /**
   * Values to choose from by path, for each model, task and method on its own: on a tenth of the training examples that
   * is held out (the dev set is not looked at), by the mean primary metric of three seeds of its own. The final runs
   * train on all of the training examples. Rates of factors are chosen for methods that train factors alone.
   */
  readonly tune?: Readonly<Record<string, readonly Json[]>>;
  /** All combinations of `tune`, or one path after the other, in their order. @default "grid" */
  readonly search?: "grid" | "sequential";
  /** @default [101, 102, 103] */
  readonly tuningSeeds?: readonly number[];
  /** How often a run's state is kept while it runs; no part of a run's id. */
  readonly checkpoint?: { readonly everySeconds?: number };
  /** The method that others are compared with. @default "fine-tuning", or else the first */
  readonly baseline?: string;
  /**
   * Pairs of methods to compare, the first minus the second: `[["OPF-MPO static", "fine-tuning"]]`.
   * @default every method against the baseline, and every over-parameterized one against `rate-matched` and `frozen`
   * where the experiment has them
   */
  readonly contrasts?: readonly (readonly [method: string, reference: string])[];
  /** What others published of the same. */
  readonly published?: PublishedOptions;
  /** What is to be known of the figures, printed with them. */
  readonly notes?: readonly string[];
  /**
   * A model to see the others against, as `untrained(bert({ source }))`: plain fine-tuning of it is done as well, on each
   * task with each seed, and printed beneath the table, beside the majority and the data's ceiling.
   */
  readonly ground?: LanguageModel;
  /**
   * What to do after this one: the words after `deno task reproduce`, an experiment's name first. The commands, with
   * estimated hours, end what is printed.
   */
  readonly next?: readonly string[];
  /** How the runs are shared out; no part of a run's id. */
  readonly workers?: {
    /** Runs at once, unless `--jobs` says otherwise. @default 1 */
    readonly jobs?: number;
    /**
     * Bytes that a worker process may hold more than before its first run and still do another. Kernels are compiled once a
     * process: more makes short runs faster, and their peak memory an upper bound. @default 256e6
     */
    readonly maxRetainedBytes?: number;
  };
}

/** An experiment that states what differs from another; methods, parameters and settings of training are added to it. */
export type ExtendingDefinition<P extends Readonly<Record<string, Json>> = Readonly<Record<string, Json>>> =
  & Partial<ExperimentDefinition<P>>
  & { readonly name: string; readonly extends: Experiment };

/** An experiment whose plain fields were checked. */
export interface Experiment extends Omit<ExperimentDefinition, "methods" | "parameters"> {
  readonly parameters: Readonly<Record<string, Json>>;
  methods(parameters: Readonly<Record<string, Json>>): Methods;
}

const plain = z.strictObject({
  name: z.string().regex(/^[\w./-]+$/, "letters, digits, and any of . / - _"),
  description: z.string().optional(),
  models: z.array(z.union([z.string(), z.looseObject({ name: z.string(), source: z.string() })])).min(1),
  tasks: z.array(z.union([z.string(), z.looseObject({ name: z.string() })])).min(1),
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
  published: publishedSchema.optional(),
  notes: z.array(z.string()).optional(),
  ground: z.looseObject({ name: z.string(), source: z.string() }).optional(),
  next: z.array(z.string()).optional(),
  workers: z.strictObject({ jobs: z.int().min(1).optional(), maxRetainedBytes: z.number().min(0).optional() })
    .optional(),
});

/**
 * Declares an experiment: the default export of a file under `experiments/`, or anywhere. A mistake is a
 * {@linkcode RequestError} with the path in the declaration, the wanted and the found.
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
  const { extends: base, ...own } = { extends: undefined, ...definition };
  const { name, methods = {} } = own;
  const whole = { ...base, ...own, training: { ...base?.training, ...own.training } };
  const parameters: Readonly<Record<string, Json>> = { ...base?.parameters, ...own.parameters };
  check(plain, whole, `experiment "${name}"`);
  return {
    ...whole as ExperimentDefinition,
    parameters,
    methods: (changed) => {
      const made = typeof methods === "function" ? methods(changed as P) : methods;
      const all = { ...base?.methods(changed), ...made };
      checkMethods(all, `experiment "${name}"`);
      return all;
    },
  };
}

/**
 * The points of a sweep in which several settings change together: the first values of all, the second of all, and so on.
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
 * @throws {RequestError} where the lists are not of one length
 */
export function zipped(lists: Readonly<Record<string, readonly Json[]>>): Readonly<Record<string, Json>>[] {
  const lengths = Object.values(lists).map(({ length }) => length);
  if (new Set(lengths).size !== 1) {
    throw new RequestError(`zipped() wants lists of one length, found ${lengths.join(", ")}.`);
  }
  return Array.from(
    { length: lengths[0]! },
    (_, at) => Object.fromEntries(Object.entries(lists).map(([path, values]) => [path, values[at]!])),
  );
}

/** What a schema makes of a value; a mistake names its path, the wanted and the found. */
export function check<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const { data, error } = schema.safeParse(value);
  if (!error) return data!;
  const problems = error.issues.map(({ path, message }) => {
    const found = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
    return `${path.join(".") || "it"}: ${message}${
      path.length > 0 ? `, found ${Deno.inspect(found, { depth: 1 })}` : ""
    }`;
  });
  throw new RequestError(`${what}: ${problems.join("; ")}.`);
}

const METHOD_KEYS = ["decomposition", "policy", "training"];

function checkMethods(methods: Methods, what: string): void {
  if (Object.keys(methods).length === 0) throw new RequestError(`${what}: it has no methods.`);
  for (const [name, method] of Object.entries(methods)) {
    const at = `${what}: methods["${name}"]`;
    const odd = Object.keys(method).find((key) => !METHOD_KEYS.includes(key));
    if (odd) throw new RequestError(`${at}: wanted ${METHOD_KEYS.join(", ")}, found "${odd}".`);
    const { decomposition, policy, training } = method;
    if (!decomposition !== !policy) {
      throw new RequestError(
        `${at}: wanted both a decomposition and a policy, or neither; the ${
          policy ? "decomposition" : "policy"
        } is missing.`,
      );
    }
    if (decomposition && typeof decomposition.plan !== "function") {
      throw new RequestError(`${at}.decomposition: wanted a decomposition, found ${Deno.inspect(decomposition)}.`);
    }
    if (policy && typeof policy.select !== "function") {
      throw new RequestError(`${at}.policy: wanted a selection policy, found ${Deno.inspect(policy)}.`);
    }
    if (training) check(trainingSchema.partial(), training, `${at}.training`);
  }
}
