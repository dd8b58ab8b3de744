/**
 * What the command line changes of an experiment.
 *
 * @module
 */
import { RequestError, unknownName } from "../errors.ts";
import type { Json } from "../json.ts";

/** Names of methods among words that stood between commas: a name may have commas of its own. */
export function namesIn(words: readonly string[], known: readonly string[]): string[] {
  const found: string[] = [];
  for (let at = 0; at < words.length;) {
    const ends = words.map((_, end) => end + 1).filter((end) => end > at);
    const end = ends.findLast((end) => known.includes(words.slice(at, end).join(", ")));
    if (end === undefined) throw unknownName("method", words[at]!, known);
    found.push(words.slice(at, end).join(", "));
    at = end;
  }
  return found;
}

/** The path and the value of a `--set`. */
export function readSet(text: string): [string, Json] {
  const at = text.indexOf("=");
  if (at < 1) throw new RequestError(`--set ${text}: wanted path=value.`);
  const value = text.slice(at + 1);
  try {
    return [text.slice(0, at), JSON.parse(value)];
  } catch {
    return [text.slice(0, at), value];
  }
}
