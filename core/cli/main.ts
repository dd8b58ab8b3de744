/**
 * The command line: from its arguments to an exit code.
 *
 * @module
 */
import { unknownName } from "../errors.ts";
import { TextLineStream } from "../execution/text_lines.ts";
import { work } from "../execution/worker.ts";
import type { Registry } from "../registry.ts";
import { checkPlugin } from "./check_plugin.ts";
import { doctor } from "./doctor.ts";
import { exitCode } from "./exit_code.ts";
import { exportModel } from "./export.ts";
import { report } from "./report.ts";
import { reproduce } from "./reproduce.ts";

type Command = (args: readonly string[], registry: Registry) => Promise<number>;

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["reproduce", reproduce],
  ["report", report],
  ["export", exportModel],
  ["check-plugin", checkPlugin],
  ["doctor", doctor],
]);

async function worker(_args: readonly string[], registry: Registry): Promise<number> {
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
