/**
 * A command of the program: how it is used, and what it does.
 *
 * @module
 */
import { exitCode } from "./exit_code.ts";
import { print } from "./output.ts";

/** A command. */
export interface Command {
  /** What `--help` prints: the command with its arguments, what it does, and a line per option. */
  readonly usage: string;
  /** Does it; returns its exit code. */
  run(args: readonly string[]): Promise<number>;
}

/** Runs a command, or prints its usage where `--help` is among the arguments; returns the exit code. */
export const runCommand = ({ usage, run }: Command, args: readonly string[]): Promise<number> =>
  exitCode(async () => {
    if (!args.some((arg) => arg === "--help" || arg === "-h")) return await run(args);
    print(usage);
    return 0;
  });
