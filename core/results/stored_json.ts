/**
 * JSON files of a run folder, read back by their schemas.
 *
 * @module
 */
import { z } from "zod";
import { messageOf, RequestError } from "../errors.ts";
import { describeIssue } from "../io/json_file.ts";
import { parseJson } from "../io/json_text.ts";
import { readTextFileIfPresent } from "../io/text_file.ts";
import type { Json } from "../json.ts";

/** A number that may not be finite: JSON writes `NaN` and infinities as `null`, which reads as `NaN`. */
export const nullableNumber: z.ZodType<number> = z.number().nullable().transform((value) => value ?? NaN);

/** Any JSON value. */
export const anyJson: z.ZodType<Json> = z.custom<Json>((value) => value !== undefined, "expected a value");

/** The number of elements, steps or bytes. */
export const count: z.ZodType<number> = z.int().min(0);

/** The id of a run: the name of its folder. */
export const runId: z.ZodType<string> = z.string().regex(/^[\w-]+$/, "expected letters, digits, - and _");

/**
 * The value that a JSON file holds; `undefined` if there is no such file.
 *
 * @throws {RequestError} for a damaged file: one sentence with the file, the field, what was expected and what it is
 */
export async function readStored<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readTextFileIfPresent(path);
  return text === undefined ? undefined : parseStored(text, { schema, place: path });
}

/**
 * The values of a file of JSON lines; `undefined` if there is no such file. A last line without its end was being written
 * when the process died, and is left out.
 *
 * @throws {RequestError} for a damaged line: one sentence with the file, the line, the field
 */
export async function readStoredLines<T>(path: string, schema: z.ZodType<T>): Promise<T[] | undefined> {
  const text = await readTextFileIfPresent(path);
  return text === undefined ? undefined : parseStoredLines(text, { schema, place: path });
}

/** The values of a text of JSON lines, whose last line has an end. */
export const parseStoredLines = <T>(text: string, { schema, place }: { schema: z.ZodType<T>; place: string }): T[] =>
  text.split("\n").slice(0, -1).map((line, index) =>
    parseStored(line, { schema, place: `${place}, line ${index + 1}` })
  );

/** The value of a JSON text. */
export function parseStored<T>(text: string, { schema, place }: { schema: z.ZodType<T>; place: string }): T {
  try {
    const value = parseJson(text);
    const { data, error } = schema.safeParse(value);
    if (!error) return data;
    throw new Error(describeIssue(error, value));
  } catch (error) {
    throw new RequestError(`${place}: ${messageOf(error)}.`);
  }
}
