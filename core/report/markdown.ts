/**
 * A report as Markdown.
 *
 * @module
 */
import { markdownTable } from "./markdown_table.ts";
import type { Report, Summary } from "./report.ts";
import type { Table } from "./table.ts";
import { visibleText } from "./visible_text.ts";

/** How much {@linkcode summaryText} shows. */
export interface SummaryTextOptions {
  /** With every comparison, and what each run cost: long tables. @default false */
  readonly verbose?: boolean;
}

const LONG_TABLES = ["comparisons", "costs"];

/** Tables and notes for a terminal. */
export function summaryText({ results, notes, tables }: Summary, { verbose = false }: SummaryTextOptions = {}): string {
  const shown = verbose ? tables : tables.filter(({ name }) => !LONG_TABLES.includes(name));
  return sections([results, ...shown], { notes, escape: visibleText, tableText: asMarkdown });
}

/** The report as a page of Markdown; its charts are files beside it. */
export function markdown({ experiment, results, notes, tables, rankings, charts }: Report): string {
  const { experiment: name, description } = experiment.manifest;
  const chartSections = [...Map.groupBy(charts, ({ section }) => section)].map(([section, group]) =>
    [
      `## ${section}`,
      ...group.map(({ name, alt, caption }) => `![${escaped(alt)}](charts/${name}.svg)\n\n_${escaped(caption)}_`),
    ].join("\n\n")
  );
  const tableText = ({ head, rows }: Table) =>
    markdownTable([head, ...rows.map(({ cells }) => cells)], { escape: escaped });
  const rounds = rankings.map((table) => `### ${escaped(table.caption)}\n\n${tableText(table)}`);
  return [
    `# ${escaped(name)}`,
    ...description === undefined ? [] : [escaped(description)],
    sections([results, ...tables], { notes, escape: escaped, tableText }),
    ...chartSections,
    ...rounds.length > 0 ? ["## Rankings of each round", ...rounds] : [],
  ].join("\n\n") + "\n";
}

function sections([results, ...tables]: readonly Table[], { notes, escape, tableText }: {
  readonly notes: readonly string[];
  readonly escape: (text: string) => string;
  readonly tableText: (table: Table) => string;
}): string {
  const section = (table: Table) => `${escape(table.caption)}:\n\n${tableText(table)}`;
  return [section(results!), notes.map((note) => `- ${escape(note)}`).join("\n"), ...tables.map(section)]
    .filter((part) => part !== "").join("\n\n");
}

const asMarkdown = ({ head, rows }: Table) => markdownTable([head, ...rows.map(({ cells }) => cells)]);

// No name is to become a link, an image, a tag, a heading or an entity.
const escaped = (text: string) => visibleText(text).replaceAll(/[\\<>&*_`~#|$[\]]/g, "\\$&");
