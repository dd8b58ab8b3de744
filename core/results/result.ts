/**
 * What a run leaves behind, in the one format that reports and scripts read.
 *
 * @module
 */
import type { Json } from "../json.ts";
import type { Metrics } from "../task.ts";
import type { Ranking } from "../training/selection/round.ts";
import { writeFileAtomic } from "../io/atomic_file.ts";

/** Version of the format of `result.json`. */
export const SCHEMA_VERSION = 1;

/**
 * Raised whenever the numbers of a run move (`tests/core/run/tiny_run_test.ts` fails until it is). It is part of every
 * run's id, so that older runs are run again, and results of different versions are never compared with each other.
 */
export const RESULTS_VERSION = 2;

/** `result.json`. */
export interface Result {
  readonly schemaVersion: number;
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
  /** Fractions; `null` for a coefficient that is not defined (constant predictions). */
  readonly metrics: { readonly [name in keyof Metrics]: number | null };
  readonly diverged: boolean;
  /** Steps it was taken up at. */
  readonly resumedFrom: readonly number[];
  /** Numbers of the dense model with its head; with factors; of those that move; after merging. */
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
  readonly selected: readonly {
    readonly name: string;
    readonly step: number;
    readonly score?: number;
    /** `‖W − W₀‖ / ‖W₀‖`, W₀ the pre-trained matrix. */
    readonly moved: number;
    /** Relative error of writing it as factors. */
    readonly error: number;
    /** Numbers in its factors. */
    readonly size: number;
    readonly facts: { readonly [name: string]: Json };
  }[];
  /** What scores said at each round, the largest first; absent from results that were written before it was kept. */
  readonly rankings?: readonly Ranking[];
  readonly merge: {
    readonly maxLogitDifference: number;
    /** The same before against after matrices were written as factors. */
    readonly maxFactorizeDifference: number;
  };
  readonly settings: Json;
  readonly environment: Json;
}

/** A line of `predictions.jsonl`. */
export interface Prediction {
  readonly index: number;
  readonly label: number;
  readonly prediction: number;
  readonly logits?: readonly number[];
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

/** Writes a text; under its name it is whole or not there. */
export const writeTextAtomic = (path: string, text: string): Promise<void> =>
  writeFileAtomic(path, [new TextEncoder().encode(text)]);

/** JSON for people and programs. */
export const toJson = (value: unknown): string => JSON.stringify(value, null, 2) + "\n";

/** The result of a run's folder, or nothing where it has none that is whole and of this version. */
export async function readResult(folder: string): Promise<Result | undefined> {
  try {
    const result = JSON.parse(await Deno.readTextFile(`${folder}/${FILES.result}`)) as Result;
    return result.schemaVersion === SCHEMA_VERSION ? result : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

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

/** The first 16 hexadecimal digits of the sha256 of a value's canonical JSON. */
export async function digest(value: unknown): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical(value)));
  return new Uint8Array(hash).toHex().slice(0, 16);
}
