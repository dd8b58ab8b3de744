/**
 * Patterns of `tokenizer.json`, and what is done with the places where they match.
 *
 * @module
 */
import { z } from "zod";
import { WHITE_SPACE } from "./characters.ts";

/** How GPT-2 splits a text into words (Radford et al. 2019), in the Rust library's notation. */
export const GPT2_WORDS = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

// Only these were compared with the Rust library: its notation differs from JavaScript's in many small ways.
const REGEXES = [" {2,}", "\\s+", GPT2_WORDS] as const;

/** A fixed text, or one of the regular expressions that are known to match the same places here. */
export const patternSchema = z.strictObject({
  String: z.string().min(1).optional(),
  Regex: z.enum(REGEXES).optional(),
}).refine(
  (pattern) => (pattern.String === undefined) !== (pattern.Regex === undefined),
  'expected either "String" or "Regex"',
);

/** A pattern as a regular expression with the flags `gu`. */
export function regExpOf({ String: text, Regex: regex }: z.output<typeof patternSchema>): RegExp {
  if (regex === undefined) return new RegExp(RegExp.escape(text!), "gu");
  const source = regex
    .replaceAll("[^\\s", `[^${WHITE_SPACE}`).replaceAll("\\s", WHITE_SPACE).replaceAll("\\S", `[^${WHITE_SPACE}]`);
  return new RegExp(source, "gu");
}

/** What becomes of the matches when a text is split at them. */
export const BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"] as const;

/** How to split. */
export interface SplitOptions {
  readonly behavior: typeof BEHAVIORS[number];
  /** Matches and what lies between them change roles. @default false */
  readonly invert?: boolean;
}

/** Splits a text at the matches of a pattern, as the Rust library's `NormalizedString::split` does; no part is empty. */
export function splitAt(text: string, pattern: RegExp, { behavior, invert = false }: SplitOptions): string[] {
  const parts = partsOf(text, pattern).map(({ text, isMatch }) => ({ text, isMatch: isMatch !== invert }));
  if (behavior === "Removed") return parts.filter(({ isMatch }) => !isMatch).map(({ text }) => text);
  if (behavior === "Isolated") return parts.map(({ text }) => text);
  const backwards = behavior === "MergedWithNext";
  const joined: string[] = [];
  let previous: boolean | undefined;
  for (const { text, isMatch } of backwards ? parts.toReversed() : parts) {
    const joins = behavior === "Contiguous" ? isMatch === previous : isMatch && previous === false;
    if (joins) joined.push(backwards ? text + joined.pop()! : joined.pop()! + text);
    else joined.push(text);
    previous = isMatch;
  }
  return backwards ? joined.toReversed() : joined;
}

function partsOf(text: string, pattern: RegExp): { text: string; isMatch: boolean }[] {
  const parts: { text: string; isMatch: boolean }[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    parts.push({ text: text.slice(end, match.index), isMatch: false }, { text: match[0], isMatch: true });
    end = match.index + match[0].length;
  }
  parts.push({ text: text.slice(end), isMatch: false });
  return parts.filter(({ text }) => text !== "");
}
