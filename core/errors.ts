/**
 * Errors with messages that a user can act on.
 *
 * @module
 */
import { closest, distance } from "fastest-levenshtein";

/**
 * The request is invalid, or something it needs is missing; nothing was started. Commands exit with code 2.
 */
export class RequestError extends Error {
  override readonly name = "RequestError";

  /** Control characters, which damaged files bring into messages, are shown as escapes. */
  constructor(message = "", options?: ErrorOptions) {
    const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    super(message.replace(/[^\P{Cc}\n]/gu, escape), options);
  }
}

/** A model or dataset that no source has. A dry run can still estimate its cost. */
export class NotFoundError extends RequestError {}

/** Parameters that are not finite: training diverged, or the file of weights is broken. */
export class NotFiniteError extends Error {
  override readonly name = "NotFiniteError";
}

/** A device has no room for an array or for a program: the message says what was requested and what is free. */
export class DeviceMemoryError extends RequestError {}

/** A stored state that does not fit the run, as a plugin that was changed since makes it: the run starts over. */
export class NotResumableError extends Error {
  override readonly name = "NotResumableError";
}

/** Ctrl-C or a termination signal: finished results are complete. Commands exit with code 130. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/**
 * The error for an unknown name, which suggests the nearest known one if it may be a typo of that.
 *
 * @example The message for a typo
 * ```ts
 * import { unknownName } from "@opf/framework";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(unknownName("task", "rtee", ["rte", "mrpc"]).message, 'Unknown task "rtee". Did you mean "rte"? Known: rte, mrpc.');
 * ```
 */
export function unknownName(what: string, name: string, known: Iterable<string>): RequestError {
  const names = [...known].map((name) => name.replaceAll("\n", "\\n"));
  if (names.length === 0) return new RequestError(`Unknown ${what} ${JSON.stringify(name)}: none is known.`);
  const containing = names.filter((known) => name !== "" && known.includes(name)); // "similarity" is no typo of "mnli"
  const nearest = closest(name, containing.length > 0 ? containing : names);
  const isNear = containing.length > 0 || distance(name, nearest) <= Math.max(name.length, nearest.length) / 2;
  return new RequestError(
    `Unknown ${what} ${JSON.stringify(name)}. ${isNear ? `Did you mean "${nearest}"? ` : ""}Known: ${
      names.join(", ")
    }.`,
  );
}

/**
 * Throws if options have a name that a function does not know, as a typo: `rest` is what destructuring them left over.
 *
 * @throws {RequestError} with the function and the option
 *
 * @example The options of a decomposition
 * ```ts
 * import { refuseOtherOptions } from "@opf/framework";
 * import { assertThrows } from "@std/assert";
 *
 * function blocks({ count = 2, ...rest }: { count?: number } = {}) {
 *   refuseOtherOptions("blocks", rest);
 *   return count;
 * }
 * const typo = { count: 2, cuont: 3 };
 * assertThrows(() => blocks(typo), Error, "blocks({ cuont }): there is no such option.");
 * ```
 */
export function refuseOtherOptions(of: string, rest: object): void {
  const [name] = Object.keys(rest);
  if (name !== undefined) throw new RequestError(`${of}({ ${name} }): there is no such option.`);
}

/**
 * Throws unless an option has one of its values.
 *
 * @throws {RequestError} with the option and its values, and the nearest of them for a typo
 */
export function checkChoice(option: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value)) throw unknownName(`value of ${option}:`, value, choices);
}

/** The message of any thrown value; what is not permitted without Deno's advice about flags, which tasks have already. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof Deno.errors.NotCapable)) return error.message;
  return error.message.replace(/^Requires .*?access to (.+), run again with .*$/s, "No access to $1");
}
