/**
 * What was tried when settings were tuned.
 *
 * @module
 */
import type { Tuned } from "../../results/manifest.ts";
import type { ExperimentResults } from "../../results/experiment_results.ts";
import { canonical } from "../../results/result.ts";
import { percent } from "../numbers.ts";
import { lastPart, setting } from "../setting.ts";
import { lines } from "./appearance.ts";
import type { Chart } from "./svg.ts";
import { axisOf } from "./sweep.ts";

/** For each model, task and tuned numeric setting: the mean on held-out examples, a line for each method. */
export function tuningCharts({ manifest: { tuned = [] } }: ExperimentResults): Chart[] {
  const models = new Set(tuned.map(({ model }) => model)).size;
  return [...Map.groupBy(tuned, ({ model, task }) => canonical([model, task])).values()].flatMap((group, index) => {
    const { model, task } = group[0]!;
    const title = models > 1 ? `${model}, ${task}` : task;
    const paths = [...new Set(group.flatMap(({ chosen }) => Object.keys(chosen)))];
    return paths.filter((path) => valuesAt(group, path).length > 1).map((path) =>
      tuningChart(group, {
        path,
        title,
        name: `tuning-${lastPart(path)}-${task.replaceAll(/[^\w-]+/g, "-")}-${index + 1}`,
      })
    );
  });
}

const valuesAt = (tuned: readonly Tuned[], path: string): number[] =>
  [...new Set(tuned.flatMap(({ tried }) => tried.map(({ values }) => values[path])))]
    .filter((value) => typeof value === "number");

function tuningChart(
  tuned: readonly Tuned[],
  { path, title, name }: { readonly path: string; readonly title: string; readonly name: string },
): Chart {
  const points = tuned.flatMap(({ tried, chosen }, series) => {
    const byValue = Map.groupBy(tried, ({ values }) => values[path]);
    return [...byValue].filter(([value]) => typeof value === "number").map(([value, points]) => ({
      series,
      x: value as number,
      y: 100 * Math.max(...points.map(({ mean }) => mean)),
      chosen: chosen[path] === value,
    }));
  }).toSorted((a, b) => a.x - b.x);
  const choices = tuned.filter(({ chosen }) => chosen[path] !== undefined).map(({ method, chosen, atEdge }) =>
    `${method} ${setting(chosen[path])}${atEdge.includes(path) ? " (at the edge)" : ""}`
  );
  const best = Math.max(...points.map(({ y }) => y));
  const x = {
    field: "x",
    type: "quantitative",
    title: lastPart(path),
    ...axisOf(valuesAt(tuned, path)),
  };
  return {
    name,
    section: "Tuning",
    caption: `Tuning on held-out training examples, ${title}: the best mean at each ${lastPart(path)}; ` +
      "what was chosen is ringed",
    alt: `Line chart of the mean metric on held-out examples by ${lastPart(path)} for ${title}, at best ` +
      `${percent(best / 100)} %. Chosen: ${choices.join("; ")}.`,
    legend: tuned.map(({ method }) => method),
    spec: {
      width: 480,
      height: 260,
      data: { values: points },
      encoding: {
        x,
        y: { field: "y", type: "quantitative", title: "held-out metric, %", scale: { zero: false } },
      },
      layer: [
        ...lines(tuned.length),
        {
          transform: [{ filter: "datum.chosen" }],
          mark: { type: "point", size: 260, stroke: "currentColor", strokeWidth: 1.5, shape: "circle" },
        },
      ],
    },
  };
}
