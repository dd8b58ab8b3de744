/**
 * What a task is: examples, what a label means, and how predictions are judged.
 *
 * @module
 */
import type { Json } from "./json.ts";
import type { Head } from "./model/head.ts";
import type { Source } from "./source.ts";

/** One line of a dataset. */
export interface Example {
  /** The row's own number (`idx`), stored with predictions. */
  readonly index: number;
  /** One sentence, or a pair. */
  readonly texts: readonly [string] | readonly [string, string];
  /** A class, counted from 0, or a number; absent in a test set. */
  readonly label?: number;
}

/** The examples of a task, and where they came from. */
export interface TaskData {
  readonly train: readonly Example[];
  readonly dev: readonly Example[];
  /** What predictions reach on the dev set that know all but its noise, where that is known. */
  readonly ceiling?: Metrics;
  /** Files and their sha256: part of the run's id. */
  readonly origin: { readonly files: { readonly [name: string]: string } } & { readonly [key: string]: Json };
}

/** Examples whose labels are not public: who has them judges a file of predictions. */
export interface TestSet {
  /** Name of the file to hand in, `MRPC.tsv`. */
  readonly file: string;
  readonly examples: readonly Example[];
}

/** Where a task may look for its data. */
export interface TaskContext {
  /** `--data`: a folder with a folder a task. */
  readonly folder?: string;
  /** Asked in turn for the dataset where no folder is given. */
  readonly sources: readonly Source[];
}

/** Names of metrics, as fractions (0.5, never 50). */
export type MetricName = "accuracy" | "f1" | "matthews" | "pearson" | "spearman";

/** Values by metric; a coefficient that is not defined (constant predictions) is `NaN`. */
export type Metrics = { readonly [name in MetricName]?: number };

/** A task: its examples, the head it needs, its metrics. */
export interface Task {
  readonly name: string;
  readonly options?: Json;
  readonly head: Head;
  /** The metric that tables show. */
  readonly primary: MetricName;
  /** The published sets in numbers, for estimates before any data is there. */
  readonly rows?: {
    readonly train: number;
    readonly dev: number;
    /** Tokens that a batch of 32 lines is padded to, on average, with BERT's vocabulary and at most 128. */
    readonly padded?: number;
  };
  load(context: TaskContext): Promise<TaskData>;
  /** Test sets without labels, where the task has any. */
  readonly tests?: {
    load(context: TaskContext): Promise<readonly TestSet[]>;
    /** A prediction as it is handed in. */
    write(prediction: number): string;
  };
  /** Judges predictions (classes, or numbers) against labels. */
  metrics(predictions: readonly number[], labels: readonly number[]): Metrics;
}
