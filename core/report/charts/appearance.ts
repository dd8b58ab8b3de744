/**
 * How charts look: in light and in dark, on paper, and without colour.
 *
 * @module
 */

/** Colours of lines and areas: by night they are lighter. */
const COLOURS = [
  { light: "#1f1f1f", dark: "#f0f0f0" },
  { light: "#0072b2", dark: "#56b4e9" },
  { light: "#c44e00", dark: "#ff9d5c" },
  { light: "#00785a", dark: "#2fd0a5" },
  { light: "#a3377b", dark: "#ee8fc6" },
  { light: "#8a6d00", dark: "#e8c847" },
  { light: "#5b4bc4", dark: "#a99cff" },
  { light: "#6b6b6b", dark: "#a8a8a8" },
] as const;

const DASHES = [[1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 2], [12, 4], [5, 2, 1, 2, 1, 2], [1, 4]] as const;

const SHAPES = [
  "circle",
  "square",
  "triangle-up",
  "diamond",
  "cross",
  "triangle-down",
  "triangle-right",
  "triangle-left",
];

const GRID = { light: "#d8d8d8", dark: "#444444" };

const variables = (theme: "light" | "dark") =>
  [...COLOURS.map((colour, at) => `--series-${at}: ${colour[theme]}`), `--grid: ${GRID[theme]}`].join("; ");

/** The variables that drawn charts use, by day, by night and on paper. */
export const CHART_STYLE = `:root { ${variables("light")}; }
@media screen and (prefers-color-scheme: dark) { :root { ${variables("dark")}; color: #e8e8e8; } }`;

const grid = `var(--grid, ${GRID.light})`;

/** The colour of filled cells; how much they are filled says how many. */
export const FILL = `var(--series-1, ${COLOURS[1].light})`;

/** Colour and shape by the name of a method: the shape alone tells them apart. */
export function series(names: readonly string[]) {
  const pick = <T>(list: readonly T[]) => names.map((_, at) => list[at % list.length]!);
  const colours = COLOURS.map(({ light }, at) => `var(--series-${at}, ${light})`);
  const scale = (range: readonly unknown[]) => ({ domain: names, range });
  return {
    color: { field: "method", type: "nominal", scale: scale(pick(colours)), legend: { title: null } },
    shape: { field: "method", type: "nominal", scale: scale(pick(SHAPES)), legend: { title: null } },
  } as const;
}

/** A line a method, in a colour and a dash of its own, with a shape at each point of `marked`, a filter, or at all of them. */
export function lines(names: readonly string[], { marked }: { readonly marked?: string } = {}) {
  const { color, shape } = series(names);
  // No encoding: the shapes of the legend would be dashed.
  const dashes = Object.fromEntries(names.map((name, at) => [name, DASHES[at % DASHES.length]]));
  const strokeDash = { expr: `${JSON.stringify(dashes)}[datum.method]` };
  return [
    { mark: { type: "line", strokeDash }, encoding: { color } },
    { transform: marked ? [{ filter: marked }] : [], mark: { type: "point" }, encoding: { color, shape } },
  ];
}

/** What all charts share. Text and rules take the page's colour. */
export const CHART_CONFIG = {
  background: null,
  font: "system-ui, sans-serif",
  view: { stroke: null },
  axis: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    domainColor: "currentColor",
    tickColor: "currentColor",
    gridColor: grid,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelLimit: 300,
    titlePadding: 8,
  },
  legend: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    labelFontSize: 12,
    labelLimit: 400,
    symbolSize: 90,
    symbolStrokeWidth: 2,
    symbolStrokeColor: "currentColor",
    symbolFillColor: "transparent",
    orient: "bottom",
    columns: 4,
    columnPadding: 24,
  },
  title: {
    color: "currentColor",
    subtitleColor: "currentColor",
    fontSize: 13,
    fontWeight: 600,
    anchor: "start",
    frame: "group",
  },
  header: { labelColor: "currentColor", titleColor: "currentColor", labelFontSize: 12, titleFontSize: 12 },
  line: { strokeWidth: 2 },
  point: { size: 60, strokeWidth: 2, filled: false, opacity: 1 },
  text: { color: "currentColor", fontSize: 12 },
  rule: { color: "currentColor" },
} as const;
