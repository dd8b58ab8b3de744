/**
 * Values of a declaration against their schemas.
 *
 * @module
 */
import type { z } from "zod";
import { RequestError } from "../errors.ts";
import { expectation, firstIssue } from "../io/json_file.ts";

const MAX_PROBLEMS = 3;

/**
 * The value as a schema returns it.
 *
 * @throws {RequestError} with the first few paths, what was expected there and what it got
 */
export function check<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const { data, error } = parse(schema, value, what);
  if (!error) return data!;
  const problems = error.issues.slice(0, MAX_PROBLEMS).map((whole) => {
    const inner = firstIssue([whole]), issue = inner.path.length > whole.path.length ? inner : whole;
    const { path } = issue, message = messageFor(issue).replaceAll("\n", "\\n"); // of an unknown key
    if (path.length === 0) return message;
    const got = path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown> | undefined)?.[key], value);
    return `${path.map(String).join(".")}: ${message}, got ${shown(got)}`;
  });
  const more = error.issues.length - problems.length;
  throw new RequestError(`${what}: ${problems.join("; ")}${more > 0 ? `; and ${more} more` : ""}.`);
}

function messageFor(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") return issue.message;
  if (issue.code !== "invalid_union") return expectation(issue);
  const branches = issue.errors.flatMap(([first]) => first ? [expectation(first)] : []);
  return branches.length > 0 ? branches.join(" or ").replaceAll("or expected", "or") : expectation(issue);
}

function parse<T extends z.ZodType>(schema: T, value: unknown, what: string): z.ZodSafeParseResult<z.output<T>> {
  try {
    return schema.safeParse(value);
  } catch (error) {
    if (error instanceof RangeError) throw new RequestError(`${what}: a value is nested too deeply.`);
    throw error;
  }
}

/** A value in a message: one short line. */
export const shown = (value: unknown): string =>
  Deno.inspect(value, { depth: 0, breakLength: Infinity, strAbbreviateSize: 80 }).slice(0, 200);
