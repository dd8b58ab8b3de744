/**
 * How the tasks of GLUE differ from each other.
 *
 * @module
 */
import type { MetricName, Task } from "@opf/framework";
import type { Metric } from "./metrics.ts";
import type { TsvOptions } from "./_tsv.ts";

/** How one task differs from the others. */
export interface GlueOptions extends Pick<TsvOptions, "header" | "dropShort"> {
  readonly name: string;
  /** Its folder in the official release. */
  readonly official: string;
  /** Names of the column with the first text: in our form, in the official files, on the hub. */
  readonly first: readonly string[];
  /** The same of the second text; absent where there is one text. */
  readonly second?: readonly string[];
  /** The same of the label. @default "label" */
  readonly label?: readonly string[];
  /** Names of the classes in the order of their numbers, as in the Hugging Face dataset; absent for a score. */
  readonly classes?: readonly string[];
  readonly primary: MetricName;
  readonly metrics: { readonly [name in MetricName]?: Metric };
  readonly rows: NonNullable<Task["rows"]>;
  /** What the development set is called in files and on the hub. @default "dev" and "validation" */
  readonly dev?: { readonly file: string; readonly hub: string };
  /** Files of predictions for GLUE's server, each with its set as files and the hub call it. @default the test set */
  readonly tests?: readonly { readonly file: string; readonly set: string }[];
  /** Whether the server wants names of classes, not numbers. @default false */
  readonly submitLabelNames?: boolean;
  /** Official files that hold both sets: the table, the ids of the rows of the development set, columns of the ids. */
  readonly combinedFile?: { readonly file: string; readonly dev: string; readonly ids: readonly [string, string] };
}
