/**
 * `RUNS/experiments/<name>.json`: which runs an experiment asked for, under which labels.
 *
 * @module
 */
import type { Json } from "../json.ts";
import { type Published, publishedSchema } from "./published.ts";
import { toJson, writeWhole } from "./results.ts";

/** One run as an experiment asked for it. */
export interface AskedRun {
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

/** What an experiment asked for. */
export interface Asked {
  readonly experiment: string;
  readonly description?: string;
  /** What others published of the same. */
  readonly published?: Published;
  /** The method that others are compared with. */
  readonly baseline: string;
  readonly tuned?: readonly Tuned[];
  readonly runs: readonly AskedRun[];
}

const path = (name: string, runs: string) => `${runs}/experiments/${name.replaceAll("/", "-")}.json`;

/** Writes it, replacing what the same experiment asked for before. */
export async function writeAsked(asked: Asked, runs: string): Promise<void> {
  await Deno.mkdir(`${runs}/experiments`, { recursive: true });
  await writeWhole(path(asked.experiment, runs), toJson(asked));
}

/** What the experiment of that name asked for last, or nothing. */
export async function readAsked(name: string, runs: string): Promise<Asked | undefined> {
  try {
    const asked = JSON.parse(await Deno.readTextFile(path(name, runs))) as Asked;
    if (asked.published) publishedSchema.parse(asked.published);
    return asked;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
