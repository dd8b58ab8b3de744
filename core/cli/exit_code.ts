/**
 * The exit code of a command.
 *
 * @module
 */
import { Interrupted, messageOf, RequestError } from "../errors.ts";
import { printError } from "./output.ts";

/** Codes of the operating system for paths that a user can mend. */
const PATH_CODES = ["EACCES", "EPERM", "EROFS", "ENOENT", "ENOTDIR", "EISDIR", "EEXIST", "ENAMETOOLONG", "ELOOP"];

/**
 * Runs a command; returns its exit code: what it returns, 2 for a request that makes no sense or a file that is not
 * there, 130 when interrupted, 1 for anything else.
 */
export async function exitCode(command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    const code = codeOf(error);
    const isMessageEnough = error instanceof Interrupted || error instanceof RequestError || code !== undefined;
    printError(error instanceof Error && !isMessageEnough ? error.stack ?? error.message : messageOf(error));
    if (error instanceof Interrupted) return 130;
    return error instanceof RequestError || PATH_CODES.includes(code ?? "") ? 2 : 1;
  }
}

// The operating system's code of an error, `EACCES`; Deno's own refusal, as of a path in `/proc`, counts as that.
function codeOf(error: unknown): string | undefined {
  if (error instanceof Deno.errors.NotCapable) return "EACCES";
  const { code } = (error instanceof Error ? error : {}) as { code?: unknown };
  return typeof code === "string" && /^E[A-Z]+$/.test(code) ? code : undefined;
}
