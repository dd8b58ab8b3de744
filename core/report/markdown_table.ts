/**
 * Tables as Markdown.
 *
 * @module
 */

/** Rows of cells, the first one the head, as Markdown with columns of even width. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const lines = rows.map((cells) => cells.map(escaped));
  const widths = lines[0]!.map((_, column) => Math.max(3, ...lines.map((line) => [...line[column]!].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell + " ".repeat(widths[column]! - [...cell].length)).join(" | ")} |`;
  const [head, ...body] = lines;
  return [line(head!), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)].join("\n");
}

// A bar, or the end of a line, would end the cell.
const escaped = (cell: string) => cell.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
