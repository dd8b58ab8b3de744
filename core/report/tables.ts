/**
 * Tables beside the results: reference baselines, tuning, costs, failures and rankings.
 *
 * @module
 */
import type { Json } from "../json.ts";
import { mean } from "simple-statistics";
import { BASELINE_METHOD } from "../run/run_spec.ts";
import { doneRuns, type ExperimentResults, primaryOf, type RunResult } from "../results/experiment_results.ts";
import { canonical, type Result } from "../results/result.ts";
import { counted, millions, percent } from "./numbers.ts";
import { lastPart, setting } from "./setting.ts";
import type { RunHistory } from "../results/run_history.ts";
import type { Table } from "./table.ts";

/** The scores of a constant prediction and of a model from random weights, and the ceiling; columns that have scores. */
export function baselinesTable(
  { baselines, ...experiment }: Pick<ExperimentResults, "baselines" | "runs">,
): Table {
  const percents = (values: readonly number[]) => values.length > 0 ? percent(mean([...values])) : "–";
  const plain = doneRuns(experiment).filter(({ method }) => method === BASELINE_METHOD);
  const models = [...new Set(plain.map(({ model }) => model))];
  const untrained = [...new Set(baselines.flatMap(({ model }) => model ?? []))];
  const all: { readonly head: string; readonly about?: string; readonly cells: readonly string[] }[] = [
    {
      head: "majority",
      about: "majority: the most frequent class, or the mean label",
      cells: baselines.map(({ majority }) => percent(majority)),
    },
    {
      head: "from random weights",
      about: `from random weights: ${
        untrained.length > 0 ? untrained.join(" and ") : "the same model"
      } with the same settings`,
      cells: baselines.map(({ untrained }) => percents(Object.values(untrained))),
    },
    ...models.map((model) => ({
      head: models.length > 1 ? `${BASELINE_METHOD}, ${model}` : BASELINE_METHOD,
      cells: baselines.map(({ task }) =>
        percents(plain.filter((run) => run.model === model && run.task === task).map(primaryOf))
      ),
    })),
    {
      head: "ceiling",
      about: "ceiling: the best score that label noise allows",
      cells: baselines.map(({ ceiling }) => percents(ceiling === undefined ? [] : [ceiling])),
    },
  ];
  const columns = all.filter(({ cells }) => cells.some((cell) => cell !== "–"));
  const about = columns.flatMap(({ about }) => about ?? []);
  return {
    name: "grounds",
    caption: `Reference baselines in percent (${about.join("; ")})`,
    head: ["task", ...columns.map(({ head }) => head)],
    headers: 1,
    rows: baselines.map(({ task, primary }, row) => ({
      cells: [`${task} (${primary})`, ...columns.map(({ cells }) => cells[row]!)],
    })),
  };
}

/** How many of the runs have ended: `48 of 48 runs, and 8 from random weights`. */
export function runCount({ manifest, runs, baselines }: ExperimentResults): string {
  const untrained = baselines.reduce((sum, { untrained }) => sum + Object.keys(untrained).length, 0);
  return `${runs.length} of ${counted(manifest.runs.length, "run")}` +
    (untrained > 0 ? `, and ${untrained} from random weights` : "");
}

const listed = (values: { readonly [path: string]: Json }): string =>
  Object.entries(values).map(([path, value]) => `${lastPart(path)} ${setting(value)}`).join(", ");

/** The tuned settings of each method, and whether they lie at the edge of what was tried. */
export function tuningTable({ manifest: { tuned = [] } }: ExperimentResults): Table {
  const several = new Set(tuned.map(({ model }) => model)).size > 1;
  return {
    name: "tuning",
    caption: "Settings tuned on held-out training examples, for each method on its own",
    head: [...several ? ["model"] : [], "task", "method", "chosen", "mean there", "tried", "diverged", "at the edge"],
    headers: several ? 3 : 2,
    rows: tuned.map(({ model, task, method, chosen, atEdge, tried }) => ({
      cells: [
        ...several ? [model] : [],
        task,
        method,
        listed(chosen),
        percent(tried.find(({ values }) => canonical(values) === canonical(chosen))!.mean),
        String(tried.length),
        tried.filter(({ diverged }) => diverged).map(({ values }) => listed(values)).join("; ") || "none",
        atEdge.length > 0 ? `yes: ${atEdge.map(lastPart).join(", ")}` : "no",
      ],
    })),
  };
}

// Of generated texts, the share that merging changed; of logits, their largest difference.
function mergeDifference({ merge: { maxLogitDifference: difference }, unlabeledAnswers }: Result): string {
  if (unlabeledAnswers !== undefined) return `${percent(difference)} % of texts`;
  return difference === 0 ? "0" : difference.toExponential(1);
}

/** What each run cost, a row per run. */
export function costsTable(experiment: Pick<ExperimentResults, "runs">): Table {
  const runs = doneRuns(experiment);
  const several = new Set(runs.map(({ model }) => model)).size > 1;
  return {
    name: "costs",
    caption: "What each run cost",
    head: [
      ...several ? ["model"] : [],
      "task",
      "method",
      "seed",
      "metrics",
      "parameters in training",
      "after merging",
      "moved",
      "s per step",
      "total s",
      "peak memory",
      "merge check",
      "run",
    ],
    headers: several ? 4 : 3,
    rows: runs.map(({ model, task, method, seed, id, result }, row) => ({
      cells: [
        ...several ? [model] : [],
        task,
        method,
        String(seed),
        Object.entries(result.metrics).map(([name, value]) => `${name} ${value === null ? "n/a" : percent(value)}`)
          .join(", ") + (result.diverged ? " (diverged)" : ""),
        `${millions(result.parameters.training)} M`,
        `${millions(result.parameters.merged)} M`,
        distanceMoved([runs[row]!])?.toFixed(4) ?? "–",
        result.seconds.perStep.toFixed(3),
        result.seconds.total.toFixed(0),
        `${(result.memory.peakBytes / 1e9).toFixed(2)} GB`,
        mergeDifference(result),
        id,
      ],
    })),
  };
}

/** Runs that failed, and why. */
export const failuresTable = ({ runs }: Pick<ExperimentResults, "runs">): Table => ({
  name: "failures",
  caption: "Runs that failed",
  head: ["model", "task", "method", "seed", "error", "run"],
  headers: 4,
  rows: runs.filter(({ result }) => result.status === "failed").map(({ model, task, method, seed, id, result }) => ({
    cells: [model, task, method, String(seed), result.error ?? "", id],
  })),
});

/** The ranking of each round, a row per matrix, over the seeds of a method. */
export function rankingTables(experiment: ExperimentResults, histories: ReadonlyMap<string, RunHistory>): Table[] {
  const groups = Map.groupBy(doneRuns(experiment), ({ model, task, method }) => canonical([model, task, method]));
  return [...groups.values()].flatMap((runs) => {
    const { model, task, method } = runs[0]!;
    const rows = rankingRows(runs, histories);
    if (rows.length === 0) return [];
    return [{
      name: "ranking",
      caption: `Rankings of ${method}, ${task}, ${model}: each round, mean over ${counted(runs.length, "seed")}`,
      head: ["round before step", "score", "rank", "matrix", "mean score", "selected by"],
      headers: 4,
      rows,
    }];
  });
}

function rankingRows(runs: readonly RunResult[], histories: ReadonlyMap<string, RunHistory>): Table["rows"] {
  const scores = runs.flatMap((run) =>
    (histories.get(run.id)?.rankings ?? []).flatMap(({ step, score, ranking }) =>
      ranking.map(([name, value]) => ({ run, step, score, name, value }))
    )
  );
  const rounds = [...Map.groupBy(scores, ({ step, score }) => canonical([step, score])).values()]
    .toSorted((a, b) => a[0]!.step - b[0]!.step);
  return rounds.flatMap((round) => {
    const matrices = [...Map.groupBy(round, ({ name }) => name)]
      .map(([name, group]) => ({ name, group, mean: mean(group.map(({ value }) => value)) }))
      .toSorted((a, b) => b.mean - a.mean);
    return matrices.map(({ name, group, mean }, index) => {
      const { step, score } = group[0]!;
      const selected = group.filter(({ run: { result } }) =>
        result.selected.some((matrix) => matrix.name === name && matrix.step === step)
      );
      return {
        cells: [
          String(step),
          score,
          String(index + 1),
          name,
          mean.toPrecision(3),
          selected.length === 0 ? "–" : `${selected.length} of ${group.length}`,
        ],
      };
    });
  });
}

/** Mean relative distance that selected matrices moved; `undefined` if the runs selected none. */
export function distanceMoved(runs: readonly RunResult[]): number | undefined {
  const moved = runs.flatMap(({ result }) => result.selected.map(({ moved }) => moved)).filter(Number.isFinite);
  return moved.length > 0 ? mean(moved) : undefined;
}

/** Mean of the primary metric over runs. */
export const meanPrimary = (runs: readonly RunResult[]): number => mean(runs.map(primaryOf));
