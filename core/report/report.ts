/**
 * A report before it is written: the tables and charts of an experiment, from its results alone.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import { mapConcurrently } from "../io/map_concurrently.ts";
import { doneRuns, type ExperimentResults } from "../results/experiment_results.ts";
import { compare, type Statistics } from "../statistics/compare.ts";
import { costChart } from "./charts/costs.ts";
import { groupsOf } from "./charts/group.ts";
import { learningChart } from "./charts/learning.ts";
import { matricesChart } from "./charts/matrices.ts";
import { type Chart, draw, type DrawnChart } from "./charts/svg.ts";
import { sweepCharts } from "./charts/sweep.ts";
import { tuningCharts } from "./charts/tuning.ts";
import { notes } from "./notes.ts";
import { comparisonsTable, resultsTable } from "./results_table.ts";
import { readRunHistory, type RunHistory } from "../results/run_history.ts";
import type { Table } from "./table.ts";
import { baselinesTable, costsTable, failuresTable, rankingTables, tuningTable } from "./tables.ts";

/** The content of a report. */
export interface Report {
  readonly experiment: ExperimentResults;
  readonly statistics: Statistics;
  readonly results: Table;
  /** Under the results table. */
  readonly notes: readonly string[];
  /** Other tables that have rows; rankings are apart, as they are long. */
  readonly tables: readonly Table[];
  readonly rankings: readonly Table[];
  readonly charts: readonly DrawnChart[];
}

/** The tables of a report that need no events of runs. */
export type Summary = Omit<Report, "rankings" | "charts">;

/** The part of a report that commands print. */
export async function summarize(experiment: ExperimentResults): Promise<Summary> {
  const statistics = await compare(experiment);
  const tables = [
    baselinesTable(experiment),
    comparisonsTable(statistics),
    tuningTable(experiment),
    costsTable(experiment),
    failuresTable(experiment),
  ];
  return {
    experiment,
    statistics,
    results: resultsTable(experiment, statistics),
    notes: notes(experiment, statistics),
    tables: tables.filter(({ rows }) => rows.length > 0),
  };
}

/** The whole report: reads events too, and draws charts. */
export async function makeReport(experiment: ExperimentResults): Promise<Report> {
  const summary = await summarize(experiment);
  const ids = [...new Set(doneRuns(experiment).map(({ id }) => id))];
  const read = await mapConcurrently(ids, (id) =>
    readRunHistory(`${experiment.folder}/${id}`).catch((error) => {
      if (!(error instanceof RequestError)) throw error;
      return `Events of the run ${id} are not shown: ${error.message}`;
    }));
  const histories = new Map(
    ids.flatMap((id, index) => typeof read[index] === "string" ? [] : [[id, read[index]!] as const]),
  );
  const damaged = read.filter((history) => typeof history === "string");
  const charts: DrawnChart[] = [];
  for (const chart of chartsOf(experiment, histories)) charts.push(await draw(chart));
  return {
    ...summary,
    notes: [...damaged, ...summary.notes],
    rankings: rankingTables(experiment, histories),
    charts,
  };
}

function chartsOf(experiment: ExperimentResults, histories: ReadonlyMap<string, RunHistory>): Chart[] {
  const groups = groupsOf(experiment, { byPoint: false });
  const points = groupsOf(experiment, { byPoint: true });
  return [
    ...groups.flatMap(sweepCharts),
    ...tuningCharts(experiment),
    ...points.map((group) => learningChart(group, histories)),
    ...groups.map(costChart),
    ...points.map((group) => matricesChart(group)),
  ].filter((chart) => chart !== undefined);
}
