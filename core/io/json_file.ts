/**
 * JSON files that others wrote, read with limits and errors that name file, field, and what was expected.
 *
 * @module
 */
import { z } from "zod";
import { messageOf, RequestError } from "../errors.ts";
import { checkNoLfsPointer } from "./lfs_pointer.ts";

/** Objects and lists inside one another; tokenizers and configs need fewer than ten. */
const MAX_DEPTH = 100;

/** Limits of {@linkcode readJsonObject}. */
export interface JsonFileOptions {
  /** Size of the file, in bytes. @default 268435456 (256 MiB) */
  readonly maxBytes?: number;
}

/**
 * The object that a JSON file holds.
 *
 * @throws {RequestError} for a file that is unreadable, too large, too deep, not JSON, or holds anything but an object
 */
export async function readJsonObject(
  path: string,
  { maxBytes = 2 ** 28 }: JsonFileOptions = {},
): Promise<{ readonly [key: string]: unknown }> {
  const text = await readTextFile(path, { maxBytes });
  checkDepth(text, path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RequestError(`${path}: expected JSON: ${messageOf(error).replaceAll("\n", "\\n")}.`);
  }
  if (isObject(value)) return value;
  throw new RequestError(`${path}: expected a JSON object, got ${shortJson(value)}.`);
}

/**
 * Refuses a JSON text that is nested too deeply: parsers and printers recurse.
 *
 * @throws {RequestError} that begins with `place`
 */
export function checkDepth(text: string, place: string): void {
  if (depthOf(text) > MAX_DEPTH) {
    throw new RequestError(`${place}: expected at most ${MAX_DEPTH} nested levels of JSON.`);
  }
}

/** The text of a UTF-8 file; an unreadable or oversized file is a {@linkcode RequestError}. */
export async function readTextFile(path: string, { maxBytes = 2 ** 28 }: JsonFileOptions = {}): Promise<string> {
  try {
    const { size } = await Deno.stat(path);
    if (size > maxBytes) throw new Error(`expected at most ${maxBytes} bytes, got ${size}`);
    const bytes = await Deno.readFile(path);
    checkNoLfsPointer(bytes, path);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(`${path}: cannot be read: ${messageOf(error)}.`);
  }
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
  return `${shortJson(path.map(String).join("."))}: ${message}, got ${shortJson(current)}`;
}

// Of a union's branches, the one that came furthest says what is wrong.
function firstIssue(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  const [issue] = issues as [z.core.$ZodIssue];
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return issue;
  const inner = issue.errors.filter((branch) => branch.length > 0).map(firstIssue);
  const deepest = inner.toSorted((a, b) => b.path.length - a.path.length)[0];
  return deepest ? { ...deepest, path: [...issue.path, ...deepest.path] } : issue;
}

function expectation(issue: z.core.$ZodIssue): string {
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

// The deepest nesting of a JSON text, without parsing it.
function depthOf(text: string): number {
  let depth = 0, deepest = 0, quoted = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (quoted) {
      if (code === 0x5c) index++; // a backslash escapes the next character
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x5d || code === 0x7d) depth--;
  }
  return deepest;
}
