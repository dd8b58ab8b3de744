/**
 * A report as Markdown.
 *
 * @module
 */
import type { Report, Summary } from "./report.ts";
import { asMarkdown } from "./table.ts";

/** Tables and notes, as commands print them. */
export function summaryText({ results, notes, tables }: Summary): string {
  return [
    `${results.caption}:\n\n${asMarkdown(results)}`,
    notes.map((note) => `- ${note}`).join("\n"),
    ...tables.map((table) => `${table.caption}:\n\n${asMarkdown(table)}`),
  ].filter((part) => part !== "").join("\n\n");
}

/** The report as a page of Markdown; its charts are files beside it. */
export function markdown({ rankings, charts, ...summary }: Report): string {
  const { manifest: { experiment, description } } = summary.evidence;
  const sections = [...Map.groupBy(charts, ({ section }) => section)].map(([section, some]) =>
    [
      `## ${section}`,
      ...some.map(({ name, alt, caption }) => `![${inBrackets(alt)}](charts/${name}.svg)\n\n_${inLine(caption)}_`),
    ].join("\n\n")
  );
  const rounds = rankings.map((table) => `### ${inLine(table.caption)}\n\n${asMarkdown(table)}`);
  return [
    `# ${inLine(experiment)}`,
    ...description === undefined ? [] : [inLine(description)],
    summaryText({
      ...summary,
      notes: summary.notes.map(inLine),
      results: { ...summary.results, caption: inLine(summary.results.caption) },
      tables: summary.tables.map((table) => ({ ...table, caption: inLine(table.caption) })),
    }),
    ...sections,
    ...rounds.length > 0 ? ["## Rankings of each round", ...rounds] : [],
  ].join("\n\n") + "\n";
}

// Names come from people: none of them is to become a link or a tag.
const inLine = (text: string) => text.replaceAll(/[\\<>*_`[\]]/g, "\\$&").replaceAll(/\s+/g, " ");
const inBrackets = (text: string) => text.replaceAll(/[\\[\]]/g, "\\$&").replaceAll(/\s+/g, " ");
