/**
 * What a run leaves behind, in the one format that reports and scripts read.
 *
 * @module
 */
import { z } from "zod";
import { messageOf, RequestError } from "../errors.ts";
import { writeFileAtomic } from "../io/atomic_file.ts";
import { isObject } from "../io/json_file.ts";
import type { Json } from "../json.ts";
import type { MatrixInfo } from "../model/model.ts";
import type { Ranking } from "../training/selection/round.ts";
import { rankingSchema } from "./event.ts";
import { anyJson, count, nullableNumber, readStored, runId } from "./stored_json.ts";

/** Version of the format of `result.json`. */
export const SCHEMA_VERSION = 1;

/**
 * Raised whenever the numbers of a run move (`tests/core/run/tiny_run_test.ts` fails until it is). It is part of every
 * run's id, so that older runs are run again, and results of different versions are never compared with each other.
 */
export const RESULTS_VERSION = 3;

/** Where a matrix is in its model. */
export type MatrixPlace = Pick<MatrixInfo, "name" | "module" | "layer" | "stack">;

/** A matrix that became factors, and what training made of it. */
export interface SelectedMatrix extends Partial<Omit<MatrixPlace, "name">> {
  readonly name: string;
  /** Steps taken before it was selected. */
  readonly step: number;
  /** By the policy's score; absent if the policy uses none. */
  readonly score?: number;
  /** `‖W − W₀‖ / ‖W₀‖`, W₀ the pre-trained matrix; `NaN` where the run diverged. */
  readonly moved: number;
  /** `‖W − reconstruct(factors)‖ / ‖W‖` when it was factorized. */
  readonly error: number;
  /** Elements of its factors. */
  readonly size: number;
  readonly facts: { readonly [name: string]: Json };
}

/** `result.json`. */
export interface Result {
  readonly schemaVersion: number;
  readonly resultsVersion: number;
  readonly id: string;
  readonly experiment: string;
  readonly status: "done" | "failed";
  /** Why it failed. */
  readonly error?: string;
  readonly model: string;
  readonly task: string;
  readonly method: string;
  readonly seed: number;
  readonly primary: string;
  /** Fractions by the metric's name; `null` if undefined, such as a correlation of constant predictions. */
  readonly metrics: { readonly [name: string]: number | null };
  /** Keys of `metrics` that are the primary metric on another dev set, such as MNLI's mismatched one. */
  readonly additionalDev?: readonly string[];
  /** Evaluated examples: of the dev set as `dev`, of another one by its name; results of before have none. */
  readonly examples?: { readonly [set: string]: number };
  /** Generated texts of the dev set that are no label; absent if the model does not generate text. */
  readonly unlabeledAnswers?: number;
  readonly diverged: boolean;
  /** Steps after which the run was resumed. */
  readonly resumedFrom: readonly number[];
  /** Elements of the dense model with its head; with factors; of those that train; after merging. */
  readonly parameters: {
    readonly model: number;
    readonly training: number;
    readonly trainable: number;
    readonly merged: number;
  };
  readonly seconds: {
    readonly total: number;
    /** Median of the steps that compiled nothing. */
    readonly perStep: number;
    readonly firstStep: number;
    readonly decomposition: number;
    readonly selection: number;
    readonly evaluation: number;
  };
  readonly memory: { readonly peakBytes: number };
  readonly selected: readonly SelectedMatrix[];
  /** The scores of each round, in descending order. */
  readonly rankings?: readonly Ranking[];
  /** Every matrix that the policy may select. */
  readonly matrices?: readonly MatrixPlace[];
  readonly merge: {
    /**
     * Between the factorized model in training and the merged one, over the dev set: the largest difference of logits; of
     * generated texts, the share that differs, at most 0.01.
     */
    readonly maxLogitDifference: number;
    /** Between the model before and after matrices were factorized, over the dev set. */
    readonly maxFactorizeDifference: number;
  };
  /** SHA-256 of files beside this one that statistics read. */
  readonly files?: { readonly [name: string]: string };
  readonly settings: Json;
  readonly environment: Json;
}

const stack = z.exactOptional(z.enum(["encoder", "decoder"]));

/** The schema of `result.json`. */
export const resultSchema: z.ZodType<Result> = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  resultsVersion: z.int().min(1).default(1), // version 1 had none
  id: runId,
  experiment: z.string(),
  status: z.enum(["done", "failed"]),
  error: z.exactOptional(z.string()),
  model: z.string(),
  task: z.string(),
  method: z.string(),
  seed: count,
  primary: z.string(),
  metrics: z.record(z.string(), z.number().nullable()),
  additionalDev: z.exactOptional(z.array(z.string())),
  examples: z.exactOptional(z.record(z.string(), count)),
  unlabeledAnswers: z.exactOptional(count),
  diverged: z.boolean(),
  resumedFrom: z.array(count),
  parameters: z.object({ model: count, training: count, trainable: count, merged: count }),
  seconds: z.object({
    total: nullableNumber,
    perStep: nullableNumber,
    firstStep: nullableNumber,
    decomposition: nullableNumber,
    selection: nullableNumber,
    evaluation: nullableNumber,
  }),
  memory: z.object({ peakBytes: z.number().min(0) }),
  selected: z.array(z.object({
    name: z.string(),
    step: count,
    module: z.exactOptional(z.string()), // results of version 1 have no places
    layer: z.exactOptional(count),
    stack,
    score: z.exactOptional(z.number()),
    moved: nullableNumber,
    error: nullableNumber,
    size: count,
    facts: z.record(z.string(), anyJson),
  })),
  rankings: z.exactOptional(z.array(rankingSchema)),
  matrices: z.exactOptional(z.array(z.object({ name: z.string(), module: z.string(), layer: count, stack }))),
  merge: z.object({ maxLogitDifference: nullableNumber, maxFactorizeDifference: nullableNumber }),
  files: z.exactOptional(z.record(z.string(), z.string())),
  settings: anyJson,
  environment: anyJson,
}).superRefine((result, { addIssue }) => {
  for (const [field, message] of contradictions(result)) addIssue({ code: "custom", path: field.split("."), message });
});

// Fields that say something else than others of the same result.
function* contradictions(result: Result): Generator<[field: string, message: string]> {
  const { status, metrics, primary, additionalDev = [], selected, parameters, error, unlabeledAnswers = 0 } = result;
  const { seed, task } = (isObject(result.settings) ? result.settings : {}) as { seed?: Json; task?: Json };
  const name = isObject(task) ? task.name : undefined;
  if (status === "done" && !Object.hasOwn(metrics, primary)) {
    yield ["metrics", "expected the primary metric among them"];
  }
  for (const set of status === "done" ? additionalDev : []) {
    if (!Object.hasOwn(metrics, set)) yield ["metrics", `expected the metric of the dev set "${set}" among them`];
  }
  if (status === "failed" && error === undefined) yield ["error", "expected the reason why the run failed"];
  if (seed !== undefined && seed !== result.seed) yield ["settings.seed", `expected the run's seed ${result.seed}`];
  if (name !== undefined && name !== result.task) {
    yield ["settings.task.name", `expected the run's task "${result.task}"`];
  }
  if (new Set(selected.map(({ name }) => name)).size < selected.length) {
    yield ["selected", "expected every matrix once"];
  }
  if (parameters.trainable > parameters.training) {
    yield ["parameters.trainable", `expected at most ${parameters.training}, the parameters in training`];
  }
  const answers = result.examples?.dev ?? Infinity;
  if (unlabeledAnswers > answers) yield ["unlabeledAnswers", `expected at most ${answers}, the examples`];
}

/** Files of a run's folder. */
export const FILES = {
  run: "run.json",
  events: "events.jsonl",
  predictions: "predictions.jsonl",
  result: "result.json",
  model: "model",
  checkpoint: "checkpoint",
  tensorboard: "tensorboard",
  lock: "lock",
} as const;

/** Writes a text file atomically. */
export const writeTextAtomic = (path: string, text: string): Promise<void> =>
  writeFileAtomic(path, [new TextEncoder().encode(text)]);

/** Indented JSON, ending in a newline. */
export const toJson = (value: unknown): string => JSON.stringify(value, null, 2) + "\n";

/**
 * The result in a run's folder; `undefined` if there is none.
 *
 * @throws {RequestError} for a damaged `result.json`, and for one of another run
 */
export async function readResult(folder: string, id: string): Promise<Result | undefined> {
  const path = `${folder}/${FILES.result}`;
  const result = await readStored(path, resultSchema);
  if (result && result.id !== id) throw new RequestError(`${path}: expected the run "${id}", got "${result.id}".`);
  return result;
}

/** The same, where a damaged file is as good as none: it is passed to `note`. */
export async function readSoundResult(
  folder: string,
  { id, note }: { readonly id: string; readonly note: (message: string) => void },
): Promise<Result | undefined> {
  try {
    return await readResult(folder, id);
  } catch (error) {
    note(messageOf(error));
    return undefined;
  }
}

/** Whether a run's folder has the result of a run that was done: it stays until a repetition replaces it. */
export const hasDoneResult = async (folder: string, id: string): Promise<boolean> =>
  (await readSoundResult(folder, { id, note: () => {} }))?.status === "done";

/** The same JSON for the same value, whatever the order of its keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(
    value,
    (_, part) =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => a < b ? -1 : 1))
        : part,
  );
}

/** The first 16 hexadecimal digits of the SHA-256 of a value's canonical JSON. */
export async function digest(value: unknown): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical(value)));
  return new Uint8Array(hash).toHex().slice(0, 16);
}
