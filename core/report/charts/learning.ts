/**
 * Learning curves: the loss by step and the metric by epoch.
 *
 * @module
 */
import { mean } from "simple-statistics";
import { percent } from "../numbers.ts";
import type { RunHistory } from "../../results/run_history.ts";
import { lines } from "./appearance.ts";
import { type Group, methodsOf, titleOf } from "./group.ts";
import type { Chart } from "./svg.ts";

/** Points of a loss curve, at most; each is the mean of several steps. */
const POINTS = 50;

/** One in this many of them has a shape, at other places for each method. */
const SHAPES = 10;

const NO_HISTORY: RunHistory = {
  steps: new Int32Array(),
  losses: new Float64Array(),
  evaluations: [],
  rankings: [],
};

interface Point {
  /** Position of the method. */
  readonly series: number;
  readonly x: number;
  readonly y: number;
  /** Where the line has a shape. */
  readonly marked: boolean;
}

/** The learning curves of a group, a line for each method, mean over its seeds; `undefined` if it has no events. */
export function learningChart(group: Group, known: ReadonlyMap<string, RunHistory>): Chart | undefined {
  const methods = methodsOf(group);
  const primary = group.runs[0]!.result.primary;
  const histories = group.runs.map((run) => ({ run, history: known.get(run.id) ?? NO_HISTORY }));
  const ofMethod = (method: string) => histories.filter(({ run }) => run.base === method).map(({ history }) => history);
  const losses = methods.flatMap((method, series) => lossCurve(ofMethod(method), series));
  const metrics = methods.flatMap((method, series) => metricCurve(ofMethod(method), { series, primary }));
  if (losses.length === 0) return undefined;
  const panel = (values: readonly Point[], { x, y }: { x: string; y: string }) => ({
    width: 360,
    height: 240,
    data: { values },
    layer: lines(methods.length, { marked: "datum.marked" }),
    encoding: {
      x: { field: "x", type: "quantitative", title: x, axis: { tickMinStep: 1 } },
      y: { field: "y", type: "quantitative", title: y, scale: { zero: false } },
    },
  });
  const every = stepsPerPoint(histories.map(({ history }) => history));
  const smoothed = every > 1 ? `, mean of ${every} steps` : "";
  return {
    name: `learning-${group.name}`,
    section: "Learning curves",
    caption: `Learning curves, ${
      titleOf(group)
    }: training loss${smoothed}, and ${primary} on the dev set; mean over seeds`,
    alt: describe({ group, methods, losses, metrics, primary }),
    legend: methods,
    spec: {
      hconcat: [
        panel(losses, { x: "step", y: "training loss" }),
        ...metrics.length > 0 ? [panel(metrics, { x: "epoch", y: `${primary}, %` })] : [],
      ],
    },
  };
}

const stepsPerPoint = (histories: readonly RunHistory[]) =>
  Math.max(1, Math.ceil(Math.max(...histories.map(({ steps }) => steps.at(-1) ?? 0)) / POINTS));

function lossCurve(histories: readonly RunHistory[], series: number): Point[] {
  const every = stepsPerPoint(histories);
  const bins = new Map<number, { readonly steps: number[]; readonly losses: number[] }>();
  for (const { steps, losses } of histories) {
    losses.forEach((loss, index) => {
      if (!Number.isFinite(loss)) return;
      const bin = bins.getOrInsertComputed(Math.ceil(steps[index]! / every), () => ({ steps: [], losses: [] }));
      bin.steps.push(steps[index]!), bin.losses.push(loss);
    });
  }
  return [...bins].toSorted(([a], [b]) => a - b).map(([, { steps, losses }], index) => ({
    series,
    x: mean(steps),
    y: mean(losses),
    marked: (index - series) % SHAPES === 0,
  }));
}

function metricCurve(
  histories: readonly RunHistory[],
  { series, primary }: { series: number; primary: string },
): Point[] {
  // An undefined coefficient counts as 0.
  const values = histories.flatMap(({ evaluations }) =>
    evaluations.map(({ epoch, metrics }) => ({ epoch, value: metrics[primary] || 0 }))
  );
  const epochs = [...Map.groupBy(values, ({ epoch }) => epoch)].toSorted(([a], [b]) => a - b);
  return epochs.map(([x, group]) => ({ series, x, y: 100 * mean(group.map(({ value }) => value)), marked: true }));
}

function describe({ group, methods, losses, metrics, primary }: {
  group: Group;
  methods: readonly string[];
  losses: readonly Point[];
  metrics: readonly Point[];
  primary: string;
}): string {
  const descriptions = methods.map((method, series) => {
    const curve = losses.filter((point) => point.series === series);
    const metric = metrics.findLast((point) => point.series === series);
    if (curve.length === 0) return `${method} has no finite loss`;
    const end = metric ? `, ${primary} ${percent(metric.y / 100)} % at the end` : "";
    return `${method} from ${curve[0]!.y.toFixed(2)} to ${curve.at(-1)!.y.toFixed(2)}${end}`;
  });
  return `Two line charts for ${titleOf(group)}. Training loss: ${descriptions.join("; ")}.`;
}
