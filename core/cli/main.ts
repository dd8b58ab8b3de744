/**
 * The command line: from its arguments to an exit code.
 *
 * @module
 */
import { unknownName } from "../errors.ts";
import { doLaunchedTask } from "../execution/launched_task.ts";
import { TextLineStream } from "../execution/text_lines.ts";
import { work } from "../execution/worker.ts";
import type { Registry } from "../registry.ts";
import { readArguments } from "./arguments.ts";
import { checkPlugin } from "./check_plugin.ts";
import { doctor } from "./doctor.ts";
import { exitCode } from "./exit_code.ts";
import { exportModel } from "./export.ts";
import { Progress } from "./progress.ts";
import { report } from "./report.ts";
import { reproduce } from "./reproduce.ts";
import { status } from "./status.ts";

type Command = (args: readonly string[], registry: Registry) => Promise<number>;

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["reproduce", reproduce],
  ["report", report],
  ["status", status],
  ["export", exportModel],
  ["check-plugin", checkPlugin],
  ["doctor", doctor],
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
  return exitCode(() => {
    const command = name === "worker" ? worker : COMMANDS.get(name);
    if (!command) throw unknownName("command", name, COMMANDS.keys());
    return command(args, registry);
  });
}
