/**
 * The command line: from its words to an exit code.
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

type Command = (args: readonly string[], parts: Registry) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  reproduce,
  report,
  export: exportModel,
  "check-plugin": checkPlugin,
  doctor,
  worker: async (_, parts) => {
    await work(Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()), parts);
    return 0;
  },
};

/** Runs a command; gives its exit code: 0 done, 1 a run failed, 2 the request made no sense, 130 interrupted. */
export function main([name = "", ...args]: readonly string[], parts: Registry): Promise<number> {
  return exitCode(() => {
    const command = COMMANDS[name];
    if (!command) throw unknownName("command", name, Object.keys(COMMANDS).filter((name) => name !== "worker"));
    return command(args, parts);
  });
}
