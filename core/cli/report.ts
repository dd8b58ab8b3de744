/**
 * `deno task report`: the tables and charts of an experiment, from its results alone.
 *
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { RequestError } from "../errors.ts";
import { readExperimentResults } from "../results/experiment_results.ts";
import { summaryText } from "../report/markdown.ts";
import { makeReport } from "../report/report.ts";
import { reportJson, writeReport } from "../report/write.ts";
import type { Registry } from "../registry.ts";
import { readArguments } from "./arguments.ts";
import { print, say } from "./output.ts";
import { userFolder } from "./paths.ts";

export const REPORT_USAGE = `deno task report EXPERIMENT [options]
  writes report.html, report.md, report.csv, report.json and charts, and prints the tables
  --runs FOLDER        where runs are kept (runs)
  --output FOLDER      where the report goes (RUNS/reports/EXPERIMENT)
  --json               one JSON document on standard output`;

/** Runs the command; gives its exit code. */
export async function report(args: readonly string[], { root }: Registry): Promise<number> {
  const options = readArguments(args, { boolean: ["json", "help"], string: ["runs", "output"] });
  if (options.flag("help")) {
    print(REPORT_USAGE);
    return 0;
  }
  const [name] = options.words;
  if (name === undefined) throw new RequestError("deno task report EXPERIMENT: which experiment?");
  const folder = runsFolder(options.text("runs"), root);
  const evidence = await readExperimentResults(name, folder);
  const output = options.text("output");
  const found = await makeReport(evidence);
  const files = await writeReport(
    found,
    output === undefined ? `${folder}/reports/${name.replaceAll("/", "-")}` : resolve(userFolder(), output),
  );
  if (options.flag("json")) print(JSON.stringify(reportJson(found)));
  else {
    print(`${name}: ${evidence.runs.length} of ${evidence.manifest.runs.length} runs\n`);
    print(summaryText(found));
  }
  say(`\nWritten: ${files.join(", ")}`);
  return 0;
}

/** The folder of runs that a person means. */
export const runsFolder = (given: string | undefined, root: URL): string =>
  given === undefined ? fileURLToPath(new URL("runs", root)) : resolve(userFolder(), given);
