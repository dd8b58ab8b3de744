/**
 * From what a command does to its exit code.
 *
 * @module
 */
import { Interrupted, messageOf, RequestError } from "../errors.ts";
import { say } from "./output.ts";

/** Runs a command; gives its exit code: what it gives, 2 the request made no sense, 130 interrupted, 1 anything else. */
export async function exitCode(command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    if (error instanceof Interrupted) {
      say(error.message);
      return 130;
    }
    if (error instanceof RequestError) {
      say(error.message);
      return 2;
    }
    say(error instanceof Error ? error.stack ?? error.message : messageOf(error));
    return 1;
  }
}
