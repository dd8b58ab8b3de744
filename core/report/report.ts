/**
 * A report before it is written: the tables and charts of an experiment, from its results alone.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
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
import { costsTable, failuresTable, groundsTable, rankingTables, tuningTable } from "./tables.ts";

/** All that a report says. */
export interface Report {
  readonly evidence: ExperimentResults;
  readonly statistics: Statistics;
  readonly results: Table;
  /** Under the results table. */
  readonly notes: readonly string[];
  /** Other tables that have rows; rankings are apart: they are long. */
  readonly tables: readonly Table[];
  readonly rankings: readonly Table[];
  readonly charts: readonly DrawnChart[];
}

/** Tables of a report, without what needs the runs' events. */
export type Summary = Omit<Report, "rankings" | "charts">;

/** What commands print. */
export async function summarize(evidence: ExperimentResults): Promise<Summary> {
  const statistics = await compare(evidence);
  const tables = [
    groundsTable(evidence),
    comparisonsTable(statistics),
    tuningTable(evidence),
    costsTable(evidence),
    failuresTable(evidence),
  ];
  return {
    evidence,
    statistics,
    results: resultsTable(evidence, statistics),
    notes: notes(evidence, statistics),
    tables: tables.filter(({ rows }) => rows.length > 0),
  };
}

/** Reads what is left to read, and draws. */
export async function makeReport(evidence: ExperimentResults): Promise<Report> {
  const summary = await summarize(evidence);
  const stories = new Map<string, RunHistory>();
  const damaged: string[] = [];
  for (const id of new Set(doneRuns(evidence).map(({ id }) => id))) {
    try {
      stories.set(id, await readRunHistory(`${evidence.folder}/${id}`));
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      damaged.push(`Its events are not shown: ${error.message}`);
    }
  }
  const charts: DrawnChart[] = [];
  for (const chart of chartsOf(evidence, stories)) charts.push(await draw(chart));
  return {
    ...summary,
    notes: [...damaged, ...summary.notes],
    rankings: rankingTables(evidence, stories),
    charts,
  };
}

function chartsOf(evidence: ExperimentResults, stories: ReadonlyMap<string, RunHistory>): Chart[] {
  const groups = groupsOf(evidence, { byPoint: false });
  const points = groupsOf(evidence, { byPoint: true });
  return [
    ...groups.flatMap(sweepCharts),
    ...tuningCharts(evidence),
    ...points.map((group) => learningChart(group, stories)),
    ...groups.map(costChart),
    ...points.map((group) => matricesChart(group)),
  ].filter((chart) => chart !== undefined);
}
