/**
 * `predictions.jsonl`: a line for each evaluated example.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { messageOf, RequestError } from "../errors.ts";
import { readTextFileIfPresent } from "../io/text_file.ts";
import { type Metric, primaryMetric, type Task } from "../task.ts";
import { FILES, type Result } from "./result.ts";
import { parseStoredLines } from "./stored_json.ts";

/** A line of `predictions.jsonl`. */
export interface Prediction {
  readonly index: number;
  readonly label: number;
  readonly prediction: number;
  /**
   * Of a model that ranks words, the total log-probability of each. Absent for a run that diverged, and for a model that
   * generates text.
   */
  readonly logits?: readonly number[];
  /** What a model generated. */
  readonly text?: string;
  /** What the example contributes to the primary metric: comparisons estimate their error from it. */
  readonly contribution?: number;
}

const predictionSchema: z.ZodType<Prediction> = z.object({
  index: z.int(),
  label: z.number(),
  prediction: z.number(),
  logits: z.exactOptional(z.array(z.number()).min(1)),
  text: z.exactOptional(z.string()),
  contribution: z.exactOptional(z.number()),
}).superRefine(({ prediction, logits }, { addIssue }) => {
  if (!logits) return;
  const expected = predictionOf(logits);
  if (prediction === expected) return;
  const what = logits.length === 1 ? "the value of its logit" : "the class of its largest logit";
  addIssue({ code: "custom", path: ["prediction"], message: `expected ${expected}, ${what}` });
});

/** The name of a file of predictions: on the dev set, or on another one. */
export const predictionsFile = (set?: string): string =>
  set === undefined ? FILES.predictions : FILES.predictions.replace(".", `-${set}.`);

/** The metric of another dev set: a result stores the primary metric there under the set's name. */
export const metricOfSet = (task: Task, set: string): Metric => ({ ...primaryMetric(task), name: set });

/** What of a run's result its predictions are checked against. */
export type PredictionsResult = Pick<Result, "files"> & Partial<Pick<Result, "metrics" | "primary" | "examples">>;

/** Which predictions to read. */
export interface ReadPredictionsOptions {
  /** The name of another dev set. @default the dev set */
  readonly set?: string;
  /** Metrics of the result that are computed again, by their keys there. @default a mean of contributions of 0 and 1 */
  readonly metrics?: readonly Metric[] | undefined;
}

/**
 * The predictions in a run's folder, in the order of the evaluated examples.
 *
 * @returns the predictions, or in one sentence why they cannot be used
 */
export async function readPredictions(
  folder: string,
  result: PredictionsResult,
  { set, metrics }: ReadPredictionsOptions = {},
): Promise<Prediction[] | string> {
  const name = predictionsFile(set), path = `${folder}/${name}`;
  try {
    const text = await readTextFileIfPresent(path);
    if (!text) return "a run's predictions are missing";
    const digest = result.files?.[name];
    const isOwn = digest !== undefined && createHash("sha256").update(text).digest("hex") === digest;
    const predictions = (isOwn && parseOwn(text)) || parseStoredLines(text, { schema: predictionSchema, place: path });
    if (predictions.length === 0) return "a run's predictions are missing";
    if (digest !== undefined && !isOwn) return `${path} is not the file that the run wrote`;
    const problem = contradiction(predictions, { result, key: set ?? result.primary, set: set ?? "dev" }) ??
      otherMetric(predictions, { result, metrics });
    return problem === undefined ? predictions : `${path}: ${problem}`;
  } catch (error) {
    if (error instanceof RequestError) return messageOf(error).replace(/\.$/, "");
    throw error;
  }
}

// What a run wrote needs no schema line by line, which takes ten times as long: reports read thousands of runs.
function parseOwn(text: string): Prediction[] | undefined {
  try {
    const rows: unknown[] = JSON.parse(`[${text.slice(0, text.lastIndexOf("\n")).replaceAll("\n", ",")}]`);
    return rows.every(isPrediction) ? rows : undefined;
  } catch {
    return undefined; // the schema says in which line
  }
}

function isPrediction(row: unknown): row is Prediction {
  const { index, label, prediction, logits, contribution = 0 } = (row ?? {}) as { readonly [key: string]: unknown };
  const isNumber = (value: unknown): value is number => typeof value === "number";
  if (!Number.isInteger(index) || ![label, prediction, contribution].every(isNumber)) return false;
  if (logits === undefined) return true;
  return Array.isArray(logits) && logits.every(isNumber) && prediction === predictionOf(logits);
}

/** What logits predict: a class, or the one number. */
const predictionOf = (logits: readonly number[]): number =>
  logits.length === 1 ? logits[0]! : logits.indexOf(Math.max(...logits));

function contradiction(
  predictions: readonly Prediction[],
  { result: { metrics, examples }, key, set }: {
    readonly result: PredictionsResult;
    /** Of the metric that the contributions are to. */
    readonly key: string | undefined;
    readonly set: string;
  },
): string | undefined {
  const indices = new Set(predictions.map(({ index }) => index));
  if (indices.size < predictions.length) {
    return `expected every index once, got ${indices.size} indices on ${predictions.length} lines`;
  }
  const count = examples?.[set];
  if (count !== undefined && count !== predictions.length) {
    return `expected ${count} lines by the run's result, got ${predictions.length}`;
  }
  const lengths = new Set(predictions.map(({ logits }) => logits?.length));
  if (lengths.size > 1) return `expected as many logits on every line, got ${[...lengths].join(" and ")}`;
  // Where each example counts 0 or 1, the metric is their mean; other contributions sum to it in the first order alone.
  const value = key === undefined ? undefined : metrics?.[key];
  if (typeof value !== "number" || !predictions.every(({ contribution: one }) => one === 0 || one === 1)) {
    return undefined;
  }
  const mean = predictions.reduce((sum, { contribution }) => sum + contribution!, 0) / predictions.length;
  if (Math.abs(mean - value) < 1e-9) return undefined;
  return `expected a mean contribution of ${value}, the run's ${key}, got ${mean}`;
}

// A metric of the result that its predictions do not have.
function otherMetric(
  rows: readonly Prediction[],
  { result: { metrics: stated = {} }, metrics = [] }: {
    readonly result: PredictionsResult;
    readonly metrics: ReadPredictionsOptions["metrics"];
  },
): string | undefined {
  const [predictions, labels] = [rows.map(({ prediction }) => prediction), rows.map(({ label }) => label)];
  for (const metric of metrics) {
    const { name } = metric, expected = stated[name] ?? NaN, value = metric.compute(predictions, labels);
    if (Math.abs(expected - value) < 1e-9 || (Number.isNaN(expected) && !Number.isFinite(value))) continue;
    return `${FILES.result} says ${name} = ${stated[name]}, its predictions have ${value}`;
  }
}
