/**
 * How the tasks of GLUE differ from each other.
 *
 * @module
 */
import type { Metric, Task } from "@opf/framework";
import type { TsvOptions } from "./_tsv.ts";

/** How one task differs from the others. */
export interface GlueOptions extends Pick<TsvOptions, "header" | "dropShort"> {
  readonly name: string;
  /** Its folder in the official release. */
  readonly official: string;
  /** Names of the column with the first text, in our own files, the official ones, or on the hub. */
  readonly first: readonly string[];
  /** Names of the column with the second text; absent for single-text tasks. */
  readonly second?: readonly string[];
  /** Names of the label column. @default "label" */
  readonly label?: readonly string[];
  /** Names of the classes in the order of their ids, as in the Hugging Face dataset; absent for regression. */
  readonly classes?: readonly string[];
  /** The smallest and the largest score; absent for classes. */
  readonly scale?: readonly [number, number] | undefined;
  readonly metrics: readonly Metric[];
  readonly primary: string;
  readonly rows: NonNullable<Task["rows"]>;
  /** The name of the development set in files and on the hub. @default "dev" and "validation" */
  readonly dev?: { readonly file: string; readonly hub: string };
  /** Another development set, named as results name it; evaluated if the data have it. */
  readonly additionalDev?: { readonly name: string; readonly file: string; readonly hub: string };
  /** Files of predictions for GLUE's server, each with the name of its set in files and on the hub. @default the test set */
  readonly tests?: readonly { readonly file: string; readonly set: string }[];
  /** Submit names of classes instead of ids. @default false */
  readonly submitLabelNames?: boolean;
  /** Official files that hold both sets: the table, the ids of the rows of the development set, and the id columns. */
  readonly combinedFile?: { readonly file: string; readonly dev: string; readonly ids: readonly [string, string] };
}
