/**
 * What a method reaches against what it costs.
 *
 * @module
 */
import { mean, sampleStandardDeviation } from "simple-statistics";
import { primaryOf } from "../../results/experiment_results.ts";
import { millions, percent } from "../numbers.ts";
import { series } from "./appearance.ts";
import { type Group, methodsOf, titleOf } from "./group.ts";
import type { Chart } from "./svg.ts";

/** The metric against parameters in training and against seconds: a point for each row of the results table. */
export function costChart(group: Group): Chart {
  const { primary } = group.runs[0]!.result;
  const methods = methodsOf(group);
  const rows = [...Map.groupBy(group.runs, ({ method }) => method)].map(([row, runs]) => {
    const values = runs.map((run) => 100 * primaryOf(run)), y = mean(values);
    const deviation = values.length > 1 ? sampleStandardDeviation(values) : 0;
    return {
      row,
      point: {
        series: methods.indexOf(runs[0]!.base),
        y,
        low: y - deviation,
        high: y + deviation,
        parameters: mean(runs.map(({ result }) => result.parameters.training / 1e6)),
        seconds: mean(runs.map(({ result }) => result.seconds.total)),
      },
    };
  });
  const { color, shape } = series(methods.length);
  const panel = (field: "parameters" | "seconds", title: string) => ({
    width: 360,
    height: 240,
    encoding: {
      x: {
        field,
        type: "quantitative",
        title,
        scale: { zero: false, padding: 12 },
        axis: { tickCount: 5, format: ".4~g" },
      },
      color,
    },
    layer: [
      {
        mark: { type: "rule", strokeWidth: 1 },
        encoding: { y: { field: "low", type: "quantitative" }, y2: { field: "high" } },
      },
      {
        mark: { type: "point", size: 90 },
        encoding: { y: { field: "y", type: "quantitative", title: `${primary}, %`, scale: { zero: false } }, shape },
      },
    ],
  });
  const descriptions = rows.map(({ row, point: { y, parameters, seconds } }) =>
    `${row} ${percent(y / 100)} % with ${millions(1e6 * parameters)} million parameters in ${seconds.toFixed(0)} s`
  );
  return {
    name: `costs-${group.name}`,
    section: "What it costs",
    caption: `${primary} on ${titleOf(group)} against parameters in training and against seconds of a run; ` +
      "mean, bars of one standard deviation over seeds",
    alt: `Two scatter charts for ${titleOf(group)}. ${descriptions.join("; ")}.`,
    legend: methods,
    spec: {
      data: { values: rows.map(({ point }) => point) },
      hconcat: [panel("parameters", "parameters in training, millions"), panel("seconds", "seconds of a run")],
    },
  };
}
