/**
 * How the page of a report looks, in the light and the dark theme and on paper.
 *
 * @module
 */

/** Beside the charts' own style. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1f1f1f; --paper: #ffffff; --faint: #5c5c5c; --stripe: #f4f4f4; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e8; --paper: #16181b; --faint: #a9adb3; --stripe: #1f2226; }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem; max-width: 80rem;
  font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
}
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 0.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.75rem; border-bottom: 1px solid var(--grid); padding-bottom: 0.25rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.9rem; }
th, td { padding: 0.3rem 0.7rem; text-align: right; white-space: nowrap; }
th { font-weight: 600; }
th[scope="row"], th.about { text-align: left; }
th[scope="row"] { font-weight: 500; }
thead th { border-bottom: 2px solid var(--ink); vertical-align: bottom; font-weight: 600; white-space: normal; }
tbody tr { border-bottom: 1px solid var(--grid); }
tbody tr:hover { background: var(--stripe); }
tr.published :is(th, td) { color: var(--faint); font-style: italic; font-weight: 400; }
tr.published th[scope="row"]:last-of-type { padding-left: 1.6rem; }
table.costs { font-size: 0.8rem; }
table.costs :is(th, td) { padding: 0.3rem 0.5rem; }
table.failures td { white-space: normal; text-align: left; overflow-wrap: anywhere; }
.notes { padding-left: 1.2rem; font-size: 0.9rem; max-width: 60rem; }
.notes li { margin: 0.25rem 0; }
figure { margin: 1rem 0 2rem; }
.chart { overflow-x: auto; }
.chart svg { display: block; max-width: 100%; height: auto; }
figcaption { color: var(--faint); font-size: 0.85rem; margin-top: 0.4rem; }
figure.table { margin: 1rem 0; }
.table figcaption { margin: 0 0 0.4rem; }
details { margin: 0.5rem 0; }
summary { cursor: pointer; }
:focus-visible { outline: 2px solid var(--series-1); outline-offset: 2px; }
@media print {
  @page { size: A4 landscape; margin: 14mm; }
  body { padding: 0; max-width: none; font-size: 9.5pt; }
  .scroll, .chart { overflow: visible; }
  table { font-size: 8.5pt; }
  table.costs { font-size: 6.5pt; }
  th, td, table.costs :is(th, td) { padding: 0.15rem 0.35rem; }
  .chart svg { max-height: 68mm; width: auto; }
  figure { margin: 0.5rem 0; }
  figure:not(.table), tr { break-inside: avoid; }
  .table figcaption, thead, tbody tr:first-child { break-after: avoid; }
  h2 { break-after: avoid; }
  details:not([open]) { display: none; }
}
`;
