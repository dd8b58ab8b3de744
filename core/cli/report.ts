/**
 * `deno task report`: the tables and charts of an experiment, from its results alone.
 *
 * @module
 */
import { messageOf, RequestError } from "../errors.ts";
import { experimentFileName, experimentNameSchema } from "../results/experiment_name.ts";
import { readExperimentResults } from "../results/experiment_results.ts";
import { summaryText } from "../report/markdown.ts";
import { makeReport } from "../report/report.ts";
import { runCount } from "../report/tables.ts";
import { reportJson, writeReport } from "../report/write.ts";
import type { Registry } from "../registry.ts";
import { readArguments } from "./arguments.ts";
import { print, printError } from "./output.ts";
import { runsFolder, userPath } from "./paths.ts";

export const REPORT_USAGE = `deno task report EXPERIMENT [options]
  writes report.html, report.md, report.csv, report.json and charts, and prints the tables
  --runs FOLDER        where runs are kept (runs)
  --output FOLDER      where the report goes (RUNS/reports/EXPERIMENT)
  --json               one JSON document on standard output`;

/** Runs the command; returns its exit code. */
export async function report(args: readonly string[], registry: Registry): Promise<number> {
  const options = readArguments(args, { boolean: ["json"], string: ["runs", "output"], words: 1 });
  const [name] = options.words;
  if (name === undefined) throw new RequestError("deno task report EXPERIMENT: expected an experiment.");
  const { error } = experimentNameSchema.safeParse(name);
  if (error) throw new RequestError(`"${name}" is not the name of an experiment: ${error.issues[0]!.message}.`);
  const runs = runsFolder(options.text("runs"), registry);
  const results = await readExperimentResults(name, runs, registry);
  const report = await makeReport(results);
  if (options.flag("json")) print(JSON.stringify(reportJson(report)));
  else {
    print(`${name}: ${runCount(results)}\n`);
    print(summaryText(report, { verbose: true }));
  }
  const output = options.text("output");
  const folder = output === undefined ? `${runs}/reports/${experimentFileName(name)}` : userPath(output);
  try {
    printError(`\nWritten: ${(await writeReport(report, folder)).join(", ")}`);
  } catch (error) {
    const problem = `The report cannot be written to ${folder}: ${messageOf(error)}.`;
    if (output !== undefined) throw new RequestError(problem);
    printError(`\n${problem} --output FOLDER writes it elsewhere.`);
  }
  return 0;
}
