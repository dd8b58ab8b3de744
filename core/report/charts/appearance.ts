/**
 * How charts look: in light and in dark, on paper, and without color.
 *
 * @module
 */
import { visibleText } from "../visible_text.ts";

/** Colors of lines and areas; those of the dark theme are lighter. */
const COLORS = [
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
  [...COLORS.map((color, index) => `--series-${index}: ${color[theme]}`), `--grid: ${GRID[theme]}`].join("; ");

/** The CSS variables that drawn charts use, in the light and the dark theme and on paper. */
export const CHART_STYLE = `:root { ${variables("light")}; }
@media screen and (prefers-color-scheme: dark) { :root { ${variables("dark")}; color: #e8e8e8; } }`;

const grid = `var(--grid, ${GRID.light})`;

/** The color of filled cells; their opacity says how many. */
export const FILL = `var(--series-1, ${COLORS[1].light})`;

/** The parameter that holds the names of the series. */
const LEGEND = "legend";

/**
 * The names of the series, as the parameters of a chart: an expression would take some of them for its own.
 */
export const legendParams = (names: readonly string[]) => [{ name: LEGEND, value: names.map(visibleText) }];

/** Color and shape by the field `series`, counted from 0: the shape alone tells the series apart. */
export function series(count: number) {
  const domain = Array.from({ length: count }, (_, index) => index);
  const pick = <T>(list: readonly T[]) => domain.map((index) => list[index % list.length]!);
  const colors = COLORS.map(({ light }, index) => `var(--series-${index}, ${light})`);
  const legend = { title: null, labelExpr: `${LEGEND}[datum.value]` };
  const encoding = (range: readonly unknown[]) => ({
    field: "series",
    type: "nominal",
    scale: { domain, range },
    legend,
  } as const);
  return { color: encoding(pick(colors)), shape: encoding(pick(SHAPES)) };
}

/** A line for each series, in a color and a dash of its own, with a shape at the points that the filter `marked` lets pass. */
export function lines(count: number, { marked }: { readonly marked?: string } = {}) {
  const { color, shape } = series(count);
  // Not an encoding: the shapes of the legend would be dashed.
  const dashes = Array.from({ length: count }, (_, index) => DASHES[index % DASHES.length]);
  const strokeDash = { expr: `${JSON.stringify(dashes)}[datum.series]` };
  return [
    { mark: { type: "line", strokeDash }, encoding: { color } },
    { transform: marked ? [{ filter: marked }] : [], mark: { type: "point" }, encoding: { color, shape } },
  ];
}

/** What all charts share. Text and rules have the page's color. */
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
