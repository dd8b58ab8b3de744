/**
 * What a task is: examples, what a label means, and the metrics of its predictions.
 *
 * @module
 */
import { RequestError, unknownName } from "./errors.ts";
import type { Json } from "./json.ts";
import type { Head } from "./model/head.ts";
import type { Tokenizer } from "./model/tokenizer.ts";
import type { Source } from "./source.ts";

/** One example of a dataset. */
export interface Example {
  /** Its number in the dataset (`idx`), stored with predictions. */
  readonly index: number;
  /** One sentence, or a pair. */
  readonly texts: readonly [string] | readonly [string, string];
  /** A class, counted from 0, or a number; absent in a test set. */
  readonly label?: number;
  /** The label in words, for models that answer in words. */
  readonly target?: string;
}

/** The examples of a task, and where they come from. */
export interface TaskData {
  readonly train: readonly Example[];
  readonly dev: readonly Example[];
  /**
   * More dev sets, by name. Only the finished model is evaluated on them; a result stores the primary metric of each under
   * its name, beside the metrics of `dev`.
   */
  readonly additionalDev?: { readonly [name: string]: readonly Example[] };
  /** The metrics on the dev set of predictions that know everything but its noise, where they are known. */
  readonly ceiling?: Metrics;
  /** Files and their sha256: part of the run's id. */
  readonly origin: { readonly files: { readonly [name: string]: string } } & { readonly [key: string]: Json };
}

/** Examples without public labels: a server evaluates a file of predictions. */
export interface TestSet {
  /** Name of the file to submit, `MRPC.tsv`. */
  readonly file: string;
  readonly examples: readonly Example[];
}

/** Where a task may look for its data. */
export interface TaskContext {
  /** `--data`: a folder that holds one folder per task. */
  readonly folder?: string;
  /** Where to look for the dataset, in this order, when no folder is given. */
  readonly sources: readonly Source[];
}

/**
 * A metric of predictions: a fraction (0.5, never 50), the higher the better. Predictions are classes or numbers, in the
 * order of the labels.
 *
 * @example The share of predictions that miss a score by no more than one
 * ```ts
 * import type { Metric } from "@opf/framework";
 * import { assertEquals } from "@std/assert";
 *
 * const near = (predictions: readonly number[], labels: readonly number[]) =>
 *   predictions.map((prediction, index): number => Math.abs(prediction - labels[index]!) <= 1 ? 1 : 0);
 * const withinOne: Metric = {
 *   name: "within-one",
 *   perExample: near,
 *   compute: (predictions, labels) => near(predictions, labels).reduce((sum, value) => sum + value, 0) / labels.length,
 * };
 * assertEquals(withinOne.compute([1, 2], [1.5, 4]), 0.5);
 * ```
 */
export interface Metric {
  /** The key in a result's metrics. */
  readonly name: string;
  /** `NaN` if undefined, such as a correlation of constant predictions. */
  compute(predictions: readonly number[], labels: readonly number[]): number;
  /**
   * The contribution of each example `[n]`: the metric is their mean, to first order, so that their variance over `n` is
   * the metric's sampling variance. For a mean over examples these are its terms, else `value + influence`.
   *
   * @default pseudo-values of the jackknife, which computes the metric about as many times as there are examples
   */
  perExample?(predictions: readonly number[], labels: readonly number[]): readonly number[];
}

/** Values by the metric's name; `NaN` if undefined. */
export type Metrics = { readonly [name: string]: number };

/** A task: its examples, the head it needs, its metrics. */
export interface Task {
  readonly name: string;
  readonly options?: Json;
  readonly head: Head;
  readonly metrics: readonly Metric[];
  /** The name of the metric that tables show and comparisons test. */
  readonly primary: string;
  /** Sizes of the published sets, for estimates before the data are loaded. */
  readonly rows?: {
    readonly train: number;
    readonly dev: number;
    /** Of other dev sets, together. @default 0 */
    readonly additionalDev?: number;
    /** Mean length in tokens of a padded batch of 32 examples, with BERT's vocabulary and at most 128 tokens. */
    readonly padded?: number;
  };
  load(context: TaskContext): Promise<TaskData>;
  /**
   * The same task with answers that can be read, for models that answer in words. @default the task needs no tokenizer
   *
   * @throws {RequestError} for words that the tokenizer cannot write
   */
  withTokenizer?(tokenizer: Tokenizer): Task;
  /** The same task for models that answer with logits. @default the task itself */
  readonly inClasses?: Task;
  /** The same task with the options that a result stored. @default the task itself */
  withOptions?(options: Json): Task;
  /** Test sets without labels. @default the task has none */
  readonly tests?: {
    load(context: TaskContext): Promise<readonly TestSet[]>;
    /** Formats a prediction for the file to submit. */
    write(prediction: number): string;
  };
}

/** The metrics of predictions, by name. */
export function computeMetrics(
  metrics: readonly Metric[],
  { predictions, labels }: { readonly predictions: readonly number[]; readonly labels: readonly number[] },
): Metrics {
  return Object.fromEntries(metrics.map((metric) => [metric.name, metric.compute(predictions, labels)]));
}

/**
 * The metric that tables show and comparisons test.
 *
 * @throws {RequestError} if two metrics share a name, or none has the name that {@linkcode Task.primary} says
 */
export function primaryMetric({ name, metrics, primary }: Pick<Task, "name" | "metrics" | "primary">): Metric {
  const byName = new Map(metrics.map((metric) => [metric.name, metric]));
  if (byName.size < metrics.length) {
    const names = metrics.map((metric) => metric.name).join(", ");
    throw new RequestError(`Task "${name}": expected metrics of different names, got ${names}.`);
  }
  const metric = byName.get(primary);
  if (!metric) throw unknownName(`metric of the task "${name}" as its primary:`, primary, byName.keys());
  return metric;
}
