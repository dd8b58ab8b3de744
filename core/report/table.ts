/**
 * A table before it is Markdown or HTML.
 *
 * @module
 */
import { markdownTable } from "./markdown_table.ts";

/** A row of cells. */
export interface TableRow {
  readonly cells: readonly string[];
  /** What others published, beside what was measured. */
  readonly published?: boolean;
}

/** A table for people. */
export interface Table {
  /** One word for links and tests. */
  readonly name: string;
  readonly caption: string;
  readonly head: readonly string[];
  /** How many of the first columns say what a row is about. */
  readonly headers: number;
  readonly rows: readonly TableRow[];
}

/** As Markdown. */
export const asMarkdown = ({ head, rows }: Table): string => markdownTable([head, ...rows.map(({ cells }) => cells)]);
