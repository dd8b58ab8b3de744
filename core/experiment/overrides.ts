/**
 * What the command line changes of an experiment.
 *
 * @module
 */
import { messageOf, RequestError, unknownName } from "../errors.ts";
import { parseJson } from "../io/json_text.ts";
import type { Json } from "../json.ts";

/** The names of methods in a list that was split at commas: a name may contain commas itself. */
export function joinMethodNames(parts: readonly string[], known: readonly string[]): string[] {
  const names: string[] = [];
  for (let start = 0; start < parts.length;) {
    const ends = parts.map((_, index) => index + 1).filter((end) => end > start);
    const end = ends.findLast((end) => known.includes(parts.slice(start, end).join(", ")));
    if (end === undefined) throw unknownName("method", parts[start]!, known);
    names.push(parts.slice(start, end).join(", "));
    start = end;
  }
  return names;
}

/** The path and the value of a `--set path=value`: the value is JSON, else text. */
export function parseSetting(text: string): [path: string, value: Json] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new RequestError(`--set: expected path=value, got "${text}".`);
  const [path, value] = [text.slice(0, equals), text.slice(equals + 1)];
  try {
    JSON.parse(value);
  } catch {
    return [path, value];
  }
  try {
    return [path, parseJson(value) as Json];
  } catch (error) {
    throw new RequestError(`--set ${path}: ${messageOf(error)}.`);
  }
}
