/**
 * The metric over a setting that was swept, with the distance that chosen matrices moved.
 *
 * @module
 */
import type { Json } from "../../json.ts";
import type { RunResult } from "../../results/experiment_results.ts";
import { canonical } from "../../results/result.ts";
import { percent } from "../numbers.ts";
import { lastPart, setting } from "../setting.ts";
import { distanceMoved, meanPrimary } from "../tables.ts";
import { lines as linesOf } from "./appearance.ts";
import { type Group, methodsOf, titleOf } from "./group.ts";
import type { Chart } from "./svg.ts";

/** A chart for each setting that takes several numbers, a line for each method. */
export function sweepCharts(group: Group): Chart[] {
  const paths = [...new Set(group.runs.flatMap(({ point }) => Object.keys(point)))];
  const swept = paths.filter((path) =>
    new Set(group.runs.map(({ point }) => point[path]).filter((value) => typeof value === "number")).size > 1
  );
  // Where settings change together, the first stands for all.
  const points = new Set(group.runs.map(({ point }) => canonical(point))).size;
  const together = swept.length > 1 && swept.every((path) => valuesAt(group.runs, path).length === points);
  return (together ? swept.slice(0, 1) : swept).map((path) =>
    sweepChart(group, { path, along: together ? swept.slice(1) : [] })
  );
}

const valuesAt = (runs: readonly RunResult[], path: string): number[] =>
  [...new Set(runs.map(({ point }) => point[path]))].filter((value) => typeof value === "number");

function sweepChart(group: Group, { path, along }: { path: string; along: readonly string[] }): Chart {
  const primary = group.runs[0]!.result.primary;
  const lines = Map.groupBy(group.runs, ({ base, point }) => nameOf(base, { point, without: [path, ...along] }));
  const methods = methodsOf(group).length === lines.size ? methodsOf(group) : [...lines.keys()];
  const values = [...lines].flatMap(([method, runs]) =>
    [...Map.groupBy(runs, ({ point }) => Number(point[path]))].map(([x, some]) => ({
      series: methods.indexOf(method),
      x,
      y: 100 * meanPrimary(some),
      moved: distanceMoved(some),
    }))
  ).toSorted((a, b) => a.x - b.x);
  const all = valuesAt(group.runs, path);
  const axis = axisOf(all);
  const moved = values.filter(({ moved }) => moved !== undefined);
  const panel = (field: "y" | "moved", { title, data }: { title: string; data: readonly object[] }) => ({
    width: 360,
    height: 240,
    data: { values: data },
    layer: linesOf(methods.length),
    encoding: {
      x: { field: "x", type: "quantitative", title: lastPart(path), ...axis },
      y: { field, type: "quantitative", title, scale: { zero: false } },
    },
  });
  const descriptions = methods.map((method, series) => {
    const line = values.filter((point) => point.series === series);
    const best = line.reduce((best, next) => next.y > best.y ? next : best);
    return `${method} is best at ${setting(best.x)} with ${percent(best.y / 100)} %`;
  });
  const name = lastPart(path);
  return {
    name: `sweep-${name}-${group.name}`,
    section: "Over what was swept",
    caption: `${primary} on ${titleOf(group)} by ${[path, ...along].map(lastPart).join(" with ")}` +
      (moved.length > 0 ? ", and the relative distance that the chosen matrices moved" : "") + "; mean over seeds",
    alt: `Line charts of ${primary} by ${name} from ${setting(Math.min(...all))} to ${setting(Math.max(...all))} for ` +
      `${titleOf(group)}. ${descriptions.join("; ")}.`,
    legend: methods,
    spec: {
      hconcat: [
        panel("y", { title: `${primary}, %`, data: values }),
        ...moved.length > 0 ? [panel("moved", { title: "‖W − W₀‖ / ‖W₀‖", data: moved })] : [],
      ],
    },
  };
}

function nameOf(base: string, { point, without }: { point: RunResult["point"]; without: readonly string[] }): string {
  const rest = Object.entries(point).filter(([path]) => !without.includes(path)).map(([path, value]: [string, Json?]) =>
    `${lastPart(path)} ${setting(value)}`
  );
  return rest.length > 0 ? `${base} (${rest.join(", ")})` : base;
}

/** An axis with a tick at each value, logarithmic for positive values that it spreads more evenly. */
export function axisOf(values: readonly number[]): object {
  const sorted = values.toSorted((a, b) => a - b);
  const [least] = sorted as [number];
  const log = least > 0 && unevenness(sorted.map(Math.log)) < unevenness(sorted) - 1e-9;
  return {
    scale: { padding: 12, nice: false, ...log ? { type: "log" } : { zero: false } },
    axis: { values: sorted, labelOverlap: true, ...least > 0 && least < 1e-2 ? { format: "~e" } : {} },
  };
}

// The largest step as a multiple of the smallest.
function unevenness(sorted: readonly number[]): number {
  const steps = sorted.slice(1).map((value, index) => value - sorted[index]!);
  return Math.max(...steps) / Math.min(...steps);
}
