// Together: docs/declared_experiments.md and every file of experiments/, by what a dry run says of it.
import { knownConfigs, tensorflow } from "@opf/framework/plugins";
import * as plugins from "@opf/framework/plugins";
import * as tasks from "@opf/framework/tasks";
import { assert, assertEquals } from "@std/assert";
import { estimate } from "../../core/cli/reproduce/estimate.ts";
import { plannedRuns, plannedSeconds } from "../../core/cli/reproduce/print_plan.ts";
import { ExperimentGrid } from "../../core/experiment/grid.ts";
import { outlineExperiment } from "../../core/experiment/dry_run.ts";
import { experimentNames, experimentUrl } from "../../core/experiment/load.ts";
import { Tuning } from "../../core/experiment/tune.ts";
import { Outliner } from "../../core/run/outline.ts";
import { RunResolver } from "../../core/run/resolve.ts";

const root = new URL("../../", import.meta.url);
const experiments = new URL("experiments/", root);
const registry = {
  plugins,
  tasks,
  configs: knownConfigs,
  sources: [plugins.folder()],
  backends: [tensorflow],
  launchers: [],
  root,
};
const request = { runs: "/nowhere", keepModels: false, tensorboard: false };

/** A row of the page's table; hours and gigabytes of what was measured are no estimates. */
interface Row {
  readonly name: string;
  readonly about: string;
  readonly runs: string;
  readonly hours: number;
  readonly gigabytes: number;
}

const number = (cell: string) => Number(/^[\d. ]*\d/.exec(cell)![0].replaceAll(" ", ""));
const page = await Deno.readTextFile(new URL("docs/declared_experiments.md", root));
const rows = [...page.matchAll(/^\| `([^`]+)` +\|(.*)\|$/gm)].map(([, name, rest]): Row => {
  const [about, runs, hours, gigabytes] = rest!.split("|").map((cell) => cell.trim()) as [
    string,
    string,
    string,
    string,
  ];
  return { name: name!, about, runs, hours: number(hours), gigabytes: number(gigabytes) };
});

/** Final runs, and those of tuning or of the reference model: how many each stage of tuning has. */
async function outline(name: string) {
  const url = await experimentUrl(name, { experiments, cwd: "/" });
  const outlined = await outlineExperiment(url, { request, registry, note: () => {} });
  const grid = new ExperimentGrid(outlined.experiment, {}, registry);
  const outliner = new Outliner(registry, new RunResolver(registry, { note: () => {} }));
  const tuning = await Tuning.of({ grid, resolve: (place) => outliner.outline(grid.specAt(place)) });
  const stages: number[] = [];
  for (let stage = 0; stage < tuning.stages; stage++) stages.push((await tuning.runs(stage)).length);
  return { ...outlined, stages };
}

Deno.test("the page of declared experiments lists each, with the runs, hours and memory of a dry run", async () => {
  assertEquals(rows.map(({ name }) => name).toSorted(), await experimentNames(experiments));
  const wrong: string[] = [];
  for (const { name, about, runs, hours, gigabytes } of rows) {
    const outlined = await outline(name);
    const { runs: final, references, stages } = outlined;
    const others = references.length + stages.reduce((sum, count) => sum + count, 0);
    const expected = others > 0 ? `${final.length} + ${others}` : String(final.length);
    if (runs !== expected) wrong.push(`${name}: expected ${expected} runs, got ${runs}`);
    for (const count of stages) {
      if (stages.length > 1 && !new RegExp(`\\b${count}\\b`).test(about)) {
        wrong.push(`${name}: expected a stage of ${count} runs`);
      }
    }
    if (about.endsWith("measured")) continue;
    const seconds = plannedSeconds(outlined).values().reduce((sum, seconds) => sum + seconds, 0);
    const bytes = Math.max(...plannedRuns(outlined).map((run) => estimate(run).estimate.bytes));
    // Two digits, or the last of them one off.
    for (const [what, stated, value] of [["hours", hours, seconds / 3600], ["GB", gigabytes, bytes / 1e9]] as const) {
      if (Math.abs(stated - value) > 0.05 * value) {
        wrong.push(`${name}: expected ${value.toPrecision(3)} ${what}, got ${stated}`);
      }
    }
  }
  assert(rows.length > 20);
  assertEquals(wrong, []);
});
