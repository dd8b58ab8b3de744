/**
 * The files of a report.
 *
 * @module
 */
import { toJson, writeTextAtomic } from "../results/result.ts";
import { svgFile } from "./charts/svg.ts";
import { csv } from "./csv.ts";
import { page } from "./html.ts";
import { markdown } from "./markdown.ts";
import type { Report, Summary } from "./report.ts";

/** `report.json`, and what the command prints with `--json`. */
export function reportJson({ experiment: { manifest, runs, baselines }, statistics, notes }: Summary) {
  const { experiment, description, baseline, published, tuned } = manifest;
  return {
    experiment,
    ...description !== undefined && { description },
    baseline,
    asked: manifest.runs.length,
    results: runs.map(({ method, result }) => ({ ...result, method })),
    grounds: baselines,
    statistics,
    notes,
    ...published && { published },
    ...tuned && { tuned },
  };
}

/** Writes `report.md`, `report.csv`, `report.json`, `report.html` and the charts; returns the paths of the first four. */
export async function writeReport(report: Report, folder: string): Promise<string[]> {
  await Deno.mkdir(`${folder}/charts`, { recursive: true });
  for await (const { name, isFile } of Deno.readDir(`${folder}/charts`)) {
    if (isFile && name.endsWith(".svg")) await Deno.remove(`${folder}/charts/${name}`);
  }
  for (const chart of report.charts) await writeTextAtomic(`${folder}/charts/${chart.name}.svg`, svgFile(chart));
  const texts: Readonly<Record<string, string>> = {
    "report.md": markdown(report),
    "report.csv": csv(report.experiment),
    "report.json": toJson(reportJson(report)),
    "report.html": await page(report),
  };
  for (const [name, text] of Object.entries(texts)) await writeTextAtomic(`${folder}/${name}`, text);
  return Object.keys(texts).map((name) => `${folder}/${name}`);
}
