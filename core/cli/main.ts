/**
 * The command line: from its arguments to an exit code.
 *
 * @module
 */
import { unknownName } from "../errors.ts";
import { doLaunchedTask } from "../execution/launch/launched_task.ts";
import { work } from "../execution/worker/worker.ts";
import { TextLineStream } from "../io/text_lines.ts";
import type { Registry } from "../registry.ts";
import { readArguments } from "./arguments.ts";
import { CHECK_PLUGIN_USAGE, checkPlugin } from "./check_plugin.ts";
import { runCommand } from "./command.ts";
import { doctor, DOCTOR_USAGE } from "./doctor.ts";
import { exitCode } from "./exit_code.ts";
import { EXPORT_USAGE, exportModel } from "./export.ts";
import { report, REPORT_USAGE } from "./report.ts";
import { reproduce, REPRODUCE_USAGE } from "./reproduce.ts";
import { Progress } from "./reproduce/progress.ts";
import { status, STATUS_USAGE } from "./status.ts";

interface RegistryCommand {
  readonly usage: string;
  run(args: readonly string[], registry: Registry): Promise<number>;
}

const COMMANDS: ReadonlyMap<string, RegistryCommand> = new Map([
  ["reproduce", { usage: REPRODUCE_USAGE, run: reproduce }],
  ["report", { usage: REPORT_USAGE, run: report }],
  ["status", { usage: STATUS_USAGE, run: status }],
  ["export", { usage: EXPORT_USAGE, run: exportModel }],
  ["check-plugin", { usage: CHECK_PLUGIN_USAGE, run: checkPlugin }],
  ["doctor", { usage: DOCTOR_USAGE, run: doctor }],
]);

async function worker(args: readonly string[], registry: Registry): Promise<number> {
  const launch = readArguments(args, { string: ["launch"] }).text("launch");
  if (launch !== undefined) {
    return await doLaunchedTask(launch, { registry, listener: new Progress(false, { jobs: 1 }) });
  }
  await work(Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()), registry);
  return 0;
}

/** Runs a command; returns its exit code: 0 done, 1 a run failed, 2 the request makes no sense, 130 interrupted. */
export function main([name = "", ...args]: readonly string[], registry: Registry): Promise<number> {
  if (name === "worker") return exitCode(() => worker(args, registry));
  const command = COMMANDS.get(name);
  if (!command) return exitCode(() => Promise.reject(unknownName("command", name, COMMANDS.keys())));
  return runCommand({ ...command, run: (args) => command.run(args, registry) }, args);
}
