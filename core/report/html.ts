/**
 * A report as one page that needs no other file.
 *
 * @module
 */
import { html, raw } from "hono/html";
import { CHART_STYLE } from "./charts/appearance.ts";
import type { DrawnChart } from "./charts/svg.ts";
import { PAGE_STYLE } from "./page_style.ts";
import type { Report } from "./report.ts";
import { runCount } from "./tables.ts";
import type { Table } from "./table.ts";
import { visibleText as text } from "./visible_text.ts";

/** Markup whose text is escaped. */
type Markup = ReturnType<typeof html>;

/** Charts of a section beyond these are folded. */
const OPEN_CHARTS = 4;

/** The page. */
export async function page(report: Report): Promise<string> {
  const { experiment: { manifest: { experiment, description } }, results, notes } = report;
  const { tables, rankings, charts } = report;
  const sections = [...Map.groupBy(charts, ({ section }) => section)];
  return String(
    await html`
      <!DOCTYPE html>
      <html lang="en">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <meta name="color-scheme" content="light dark">
          <link rel="icon" href="data:,">
          <title>${text(experiment)}</title>
          <style>${raw(CHART_STYLE + PAGE_STYLE)}</style>
        </head>
        <body>
          <header>
      <h1>${text(experiment)}</h1>
      ${description === undefined ? "" : html`<p>${text(description)}</p>`}
      <p>${runCount(report.experiment)}.</p>
          </header>
          <main>
      <section aria-labelledby="results">
      <h2 id="results">Results</h2>
      ${tableMarkup(results)}
      <ul class="notes">${notes.map((note) => html`<li>${text(note)}</li>`)}</ul>
      ${tables.filter(({ name }) => name !== "costs").map(tableMarkup)}
      </section>
      ${sections.map(([section, some], index) => chartSection(section, { charts: some, id: `charts-${index + 1}` }))}
      ${rankings.length === 0 ? "" : html`<section aria-labelledby="rankings">
<h2 id="rankings">Rankings of each round</h2>
${rankings.map((table) => folded(table.caption, tableMarkup(table)))}
</section>`}
      ${tables.filter(({ name }) => name === "costs").map((table) =>
        html`<section aria-labelledby="costs">
<h2 id="costs">Runs</h2>
${tableMarkup(table)}
</section>`
      )}
          </main>
        </body>
      </html>
    `,
  );
}

function chartSection(section: string, { charts, id }: { charts: readonly DrawnChart[]; id: string }): Markup {
  const rest = charts.slice(OPEN_CHARTS);
  return html`<section aria-labelledby="${id}">
<h2 id="${id}">${section}</h2>
${charts.slice(0, OPEN_CHARTS).map(figure)}
${rest.map((chart) => folded(chart.caption, figure(chart)))}
</section>`;
}

const figure = ({ svg, caption }: DrawnChart): Markup =>
  html`
    <figure>
      <div class="chart">${raw(svg)}</div>
      <figcaption>${text(caption)}.</figcaption>
    </figure>
  `;

const folded = (summary: string, content: Markup): Markup =>
  html`<details><summary>${text(summary)}</summary>${content}</details>`;

function tableMarkup({ name, caption, head, headers, rows }: Table): Markup {
  return html`
    <figure class="table">
      <figcaption>${text(caption)}</figcaption>
      <div class="scroll" tabindex="0" role="region" aria-label="${text(caption)}">
        <table class="${name}" aria-label="${text(caption)}">
          <thead>
            <tr>${head.map((cell, column) =>
              html`
                <th scope="col" ${column < headers ? raw(' class="about"') : ""}>${text(cell)}</th>
              `
            )}</tr>
          </thead>
          <tbody>${rows.map(({ cells, published }) =>
            html`
              <tr${published ? raw(' class="published"') : ""}>${cells.map((cell, column) =>
                column < headers ? html`<th scope="row">${text(cell)}</th>` : html`<td>${text(cell)}</td>`
              )}</tr>
            `
          )}</tbody>
        </table>
      </div>
    </figure>
  `;
}
