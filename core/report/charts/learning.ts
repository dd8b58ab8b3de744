/**
 * Learning curves: the loss by step and the metric by epoch.
 *
 * @module
 */
import { mean } from "simple-statistics";
import type { RunResult } from "../../results/experiment_results.ts";
import { percent } from "../numbers.ts";
import type { RunHistory } from "../../results/run_history.ts";
import { lines } from "./appearance.ts";
import { type Group, methodsOf, titleOf } from "./group.ts";
import type { Chart } from "./svg.ts";

/** Points of a loss curve; each is the mean of as many steps as that takes. */
const POINTS = 50;

/** One in as many of them has a shape, each method's at other places. */
const SHAPES = 10;

const NO_HISTORY: RunHistory = { steps: [], evaluations: [], rankings: [] };

interface Point {
  readonly method: string;
  readonly x: number;
  readonly y: number;
  /** Where the line has a shape. */
  readonly marked: boolean;
}

/** The learning curves of a group of runs, a line a method, mean over its seeds; nothing where no events are there. */
export function learningChart(group: Group, stories: ReadonlyMap<string, RunHistory>): Chart | undefined {
  const methods = methodsOf(group);
  const primary = group.runs[0]!.result.primary;
  const told = group.runs.map((run) => ({ run, story: stories.get(run.id) ?? NO_HISTORY }));
  const losses = methods.flatMap((method) =>
    lossCurve(method, { told: told.filter(({ run }) => run.base === method), first: methods.indexOf(method) })
  );
  const metrics = methods.flatMap((method) =>
    metricCurve(method, { told: told.filter(({ run }) => run.base === method), primary })
  );
  if (losses.length === 0) return undefined;
  const panel = (values: readonly Point[], { x, y }: { x: string; y: string }) => ({
    width: 360,
    height: 240,
    data: { values },
    layer: lines(methods, { marked: "datum.marked" }),
    encoding: {
      x: { field: "x", type: "quantitative", title: x, axis: { tickMinStep: 1 } },
      y: { field: "y", type: "quantitative", title: y, scale: { zero: false } },
    },
  });
  const every = stepsAPoint(told.map(({ story }) => story));
  const smoothed = every > 1 ? `, mean of ${every} steps` : "";
  return {
    name: `learning-${group.name}`,
    section: "Learning curves",
    caption: `Learning curves, ${
      titleOf(group)
    }: training loss${smoothed}, and ${primary} on the dev set; mean over seeds`,
    alt: describe({ group, methods, losses, metrics, primary }),
    spec: {
      hconcat: [
        panel(losses, { x: "step", y: "training loss" }),
        ...metrics.length > 0 ? [panel(metrics, { x: "epoch", y: `${primary}, %` })] : [],
      ],
    },
  };
}

interface Told {
  readonly run: RunResult;
  readonly story: RunHistory;
}

const stepsAPoint = (stories: readonly RunHistory[]) =>
  Math.max(1, Math.ceil(Math.max(...stories.map(({ steps }) => steps.at(-1)?.step ?? 0)) / POINTS));

function lossCurve(method: string, { told, first }: { told: readonly Told[]; first: number }): Point[] {
  const steps = told.flatMap(({ story }) => story.steps).filter(({ loss }) => Number.isFinite(loss));
  const every = stepsAPoint(told.map(({ story }) => story));
  const bins = Map.groupBy(steps, ({ step }) => Math.ceil(step / every));
  return [...bins].toSorted(([a], [b]) => a - b).map(([, some], at) => ({
    method,
    x: mean(some.map(({ step }) => step)),
    y: mean(some.map(({ loss }) => loss)),
    marked: (at - first) % SHAPES === 0,
  }));
}

function metricCurve(method: string, { told, primary }: { told: readonly Told[]; primary: string }): Point[] {
  const found = told.flatMap(({ story }) =>
    story.evaluations.map(({ epoch, metrics }) => ({ epoch, value: metrics[primary] || 0 }))
  );
  const epochs = [...Map.groupBy(found, ({ epoch }) => epoch)].toSorted(([a], [b]) => a - b);
  return epochs.map(([x, some]) => ({ method, x, y: 100 * mean(some.map(({ value }) => value)), marked: true }));
}

function describe({ group, methods, losses, metrics, primary }: {
  group: Group;
  methods: readonly string[];
  losses: readonly Point[];
  metrics: readonly Point[];
  primary: string;
}): string {
  const told = methods.map((method) => {
    const curve = losses.filter((point) => point.method === method);
    const metric = metrics.findLast((point) => point.method === method);
    if (curve.length === 0) return `${method} has no finite loss`;
    const end = metric ? `, ${primary} ${percent(metric.y / 100)} % at the end` : "";
    return `${method} from ${curve[0]!.y.toFixed(2)} to ${curve.at(-1)!.y.toFixed(2)}${end}`;
  });
  return `Two line charts for ${titleOf(group)}. Training loss: ${told.join("; ")}.`;
}
