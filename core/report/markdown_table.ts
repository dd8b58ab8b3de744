/**
 * Tables as Markdown.
 *
 * @module
 */
import { visibleText } from "./visible_text.ts";

/** How {@linkcode markdownTable} writes a cell. */
export interface MarkdownTableOptions {
  /** Escapes what is not to be read as Markdown. @default only what would end the cell */
  readonly escape?: (cell: string) => string;
}

/** Rows of cells, the first one the head, as Markdown with columns of even width. */
export function markdownTable(
  rows: readonly (readonly string[])[],
  { escape = (cell) => visibleText(cell).replaceAll("|", "\\|") }: MarkdownTableOptions = {},
): string {
  const lines = rows.map((cells) => cells.map(escape));
  const widths = lines[0]!.map((_, column) => Math.max(3, ...lines.map((line) => [...line[column]!].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell + " ".repeat(widths[column]! - [...cell].length)).join(" | ")} |`;
  const [head, ...body] = lines;
  return [line(head!), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)].join("\n");
}
