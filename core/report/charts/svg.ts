/**
 * Charts as SVG, drawn without a browser.
 *
 * @module
 */
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { visibleText } from "../visible_text.ts";
import { CHART_CONFIG, CHART_STYLE, legendParams } from "./appearance.ts";

/** A chart before it is drawn. */
export interface Chart {
  /** The name of its file, unique in a report. */
  readonly name: string;
  /** The section of the report that shows it. */
  readonly section: string;
  readonly caption: string;
  /** What it shows, with the main numbers, for people who do not see it. */
  readonly alt: string;
  /** Names of the series. @default the chart has no legend */
  readonly legend?: readonly string[];
  /** Of Vega-Lite, without the appearance that all charts share. */
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A drawn chart. */
export interface DrawnChart extends Omit<Chart, "spec" | "legend"> {
  /** An `<svg>` element for a page that has {@linkcode CHART_STYLE}'s variables. */
  readonly svg: string;
}

/** Draws a chart; its colors are CSS variables, its text has the current color. */
export async function draw({ spec, legend = [], ...chart }: Chart): Promise<DrawnChart> {
  const params = legendParams(legend);
  const { spec: compiled } = compile({ ...spec, params, config: CHART_CONFIG } as unknown as TopLevelSpec);
  const view = new vega.View(vega.parse(compiled), { renderer: "none", logLevel: vega.Error });
  const svg = await view.toSVG();
  view.finalize();
  // A picture has one description: screen readers would read out that of its parts number by number.
  const quiet = svg.replaceAll(/ (role|aria-roledescription|aria-label|aria-hidden)="[^"]*"/g, "")
    .replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "");
  const caption = chart.caption.slice(0, 1).toUpperCase() + chart.caption.slice(1);
  return { ...chart, caption, svg: quiet.replace("<svg ", `<svg role="img" aria-label="${attribute(chart.alt)}" `) };
}

/** The chart as a file of its own. */
export const svgFile = ({ svg }: DrawnChart): string =>
  svg.replace(/^<svg [^>]*>/, (tag) => `${tag}<style>${CHART_STYLE}</style>`) + "\n";

const attribute = (text: string) =>
  visibleText(text).replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
