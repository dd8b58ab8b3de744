/**
 * Charts as SVG, drawn without a browser.
 *
 * @module
 */
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { CHART_CONFIG, CHART_STYLE } from "./appearance.ts";

/** A chart before it is drawn. */
export interface Chart {
  /** Of its file, unique in a report. */
  readonly name: string;
  /** Of the section of the report that it stands in. */
  readonly section: string;
  readonly caption: string;
  /** What it shows, with the main numbers, for those who do not see it. */
  readonly alt: string;
  /** Vega-Lite's, without the look that all charts share. */
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A chart that was drawn. */
export interface DrawnChart extends Omit<Chart, "spec"> {
  /** An `<svg>` element for a page that has {@linkcode CHART_STYLE}'s variables. */
  readonly svg: string;
}

/** Draws a chart; its colours are CSS variables, its text is the current colour. */
export async function draw({ spec, ...chart }: Chart): Promise<DrawnChart> {
  const { spec: compiled } = compile({ ...spec, config: CHART_CONFIG } as unknown as TopLevelSpec);
  const view = new vega.View(vega.parse(compiled), { renderer: "none", logLevel: vega.Error });
  const svg = await view.toSVG();
  view.finalize();
  // A picture has one description: that of its parts would be read out number by number.
  const quiet = svg.replaceAll(/ (role|aria-roledescription|aria-label|aria-hidden)="[^"]*"/g, "")
    .replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "");
  const caption = chart.caption[0]!.toUpperCase() + chart.caption.slice(1);
  return { ...chart, caption, svg: quiet.replace("<svg ", `<svg role="img" aria-label="${attribute(chart.alt)}" `) };
}

/** The chart as a file of its own. */
export const svgFile = ({ svg }: DrawnChart): string =>
  svg.replace(/^<svg [^>]*>/, (tag) => `${tag}<style>${CHART_STYLE}</style>`) + "\n";

const attribute = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
