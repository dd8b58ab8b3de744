/**
 * Errors that tell a person what to do.
 *
 * @module
 */
import { closest } from "fastest-levenshtein";

/**
 * The request made no sense, or what it needs is not there: nothing was started. Commands end with exit code 2.
 */
export class RequestError extends Error {
  override readonly name = "RequestError";
}

/** A model or data that no place has. What it would cost can still be said (`--dry-run`). */
export class NotFoundError extends RequestError {}

/** Ctrl-C or a termination signal: what is finished is whole. Commands end with exit code 130. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/**
 * The error for a name that nothing has, with the nearest name that something has.
 *
 * @example What a slip of the finger gets
 * ```ts
 * import { unknownName } from "@opf/framework";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(unknownName("task", "rtee", ["rte", "mrpc"]).message, 'Unknown task "rtee". Did you mean "rte"? Known: rte, mrpc.');
 * ```
 */
export function unknownName(what: string, name: string, known: Iterable<string>): RequestError {
  const names = [...known];
  if (names.length === 0) return new RequestError(`Unknown ${what} "${name}": there is none.`);
  return new RequestError(
    `Unknown ${what} "${name}". Did you mean "${closest(name, names)}"? Known: ${names.join(", ")}.`,
  );
}

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error);
