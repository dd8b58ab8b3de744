/**
 * A table before it is Markdown or HTML.
 *
 * @module
 */

/** A row of cells. */
export interface TableRow {
  readonly cells: readonly string[];
  /** Whether it shows what others published. @default false */
  readonly published?: boolean;
}

/** A table for people. */
export interface Table {
  /** A word for links, styles and tests. */
  readonly name: string;
  readonly caption: string;
  readonly head: readonly string[];
  /** Number of leading columns that say what a row is about. */
  readonly headers: number;
  readonly rows: readonly TableRow[];
}
