/**
 * JSON files that others wrote, read with limits and errors that name file, field, and what was expected.
 *
 * @module
 */
import { z } from "zod";
import { messageOf, RequestError } from "../errors.ts";
import { parseJson } from "./json_text.ts";
import { readTextFile, type TextFileOptions } from "./text_file.ts";

/**
 * The object that a JSON file holds.
 *
 * @throws {RequestError} for a file that is unreadable, too large, too deep, not JSON, has a key twice, or holds anything but
 *   an object
 */
export async function readJsonObject(
  path: string,
  options: TextFileOptions = {},
): Promise<{ readonly [key: string]: unknown }> {
  const text = await readTextFile(path, options);
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw new RequestError(`${path}: ${messageOf(error)}.`);
  }
  if (isObject(value)) return value;
  throw new RequestError(`${path}: expected a JSON object, got ${shortJson(value)}.`);
}

/** A field that may be `null` or absent, which mean the same. */
export const optional = <Schema extends z.ZodType>(
  schema: Schema,
): z.ZodPipe<z.ZodOptional<z.ZodNullable<Schema>>, z.ZodTransform<z.output<Schema> | undefined>> =>
  schema.nullish().transform((value) => value ?? undefined);

/** Whether a value is an object that is neither `null` nor a list. */
export const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The first thing that zod found wrong: `"model.vocab": expected …, got …`. */
export function describeIssue({ issues }: z.ZodError, value: unknown): string {
  const issue = firstIssue(issues);
  const [path, message] = [issue.path, expectation(issue)];
  let current: unknown = value;
  for (const key of path) current = (current as Record<PropertyKey, unknown> | undefined)?.[key];
  const place = path.length > 0 ? `${shortJson(path.map(String).join("."))}: ` : "";
  return `${place}${message}, got ${shortJson(current)}`;
}

/** The first issue; of a union's branches, the one that came furthest says what is wrong. */
export function firstIssue(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  const [issue] = issues as [z.core.$ZodIssue];
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return issue;
  const inner = issue.errors.filter((branch) => branch.length > 0).map(firstIssue);
  const deepest = inner.toSorted((a, b) => b.path.length - a.path.length)[0];
  return deepest ? { ...deepest, path: [...issue.path, ...deepest.path] } : issue;
}

/** What an issue expects, in the words of all messages: `expected number`. */
export function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_union" && issue.errors.length === 0) {
    return issue.message.replace(/^.*Expected /, "expected ").replaceAll("'", '"').replaceAll(" | ", ", ");
  }
  if (issue.code === "unrecognized_keys") {
    return `expected no ${issue.keys.map(shortJson).join(", ")}, which is not supported here`;
  }
  if (issue.code === "invalid_value") {
    return `expected ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
  }
  return issue.message.replace(/^Invalid input: /, "").replace(/, received .*$/, "").replace(/^Too (small|big): /, "");
}

/** A value as JSON, shortened: for messages. */
export function shortJson(value: unknown): string {
  const text = value === undefined
    ? "nothing"
    : typeof value === "object" && value !== null
    ? Array.isArray(value) ? `a list of ${value.length}` : `an object of ${Object.keys(value).length} keys`
    : String(JSON.stringify(value) ?? value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
