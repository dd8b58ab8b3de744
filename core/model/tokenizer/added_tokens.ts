/**
 * Tokens that are looked for in a text before its words are: special ones, and those added to a trained vocabulary.
 *
 * @module
 */
import { WHITE_SPACE, WORD } from "./characters.ts";
import type { Normalizer } from "./normalizers.ts";

/** One of them, under the names of `tokenizer.json`. */
export interface AddedToken {
  readonly content: string;
  /** Only where no letter or digit stands next to it. */
  readonly single_word: boolean;
  /** With the white space before it. */
  readonly lstrip: boolean;
  /** With the white space after it. */
  readonly rstrip: boolean;
  /** Looked for in the normalized text, else in the text as it is. */
  readonly normalized: boolean;
  readonly special: boolean;
}

/** A part of a text: an added token, or text that has none. */
export type Section = { readonly id: number } | { readonly text: string };

const WORD_AT_START = new RegExp(`^[${WORD}]`, "u");
// Not `[…]$`: V8 compares only the last half of a character beyond U+FFFF with such a class.
const WORD_AT_END = new RegExp(`(?<=[${WORD}])$`, "u");
const SPACE_AT_START = new RegExp(`^${WHITE_SPACE}*`, "u");
const SPACE_AT_END = new RegExp(`${WHITE_SPACE}*$`, "u");

/**
 * Finds added tokens in texts: first those of the text as it is, then, in what is left and normalized, the others.
 *
 * @throws {Error} for tokens that the normalizer makes equal or empty
 */
export function addedTokenSplitter(
  tokens: readonly (AddedToken & { readonly id: number })[],
  normalize: Normalizer,
): (text: string) => Section[] {
  const asIs = finder(
    tokens.filter(({ normalized }) => !normalized).map((token) => ({ ...token, text: token.content })),
  );
  const normalized = finder(checkNormalized(
    tokens.filter(({ normalized }) => normalized).map((token) => ({ ...token, text: normalize(token.content) })),
  ));
  return (text) =>
    asIs(text).flatMap((section): Section[] => "id" in section ? [section] : normalized(normalize(section.text)));
}

/** A token, and what is looked for. */
type SoughtToken = AddedToken & { readonly id: number; readonly text: string };

// Of equal ones the Rust library finds any, by chance, and an empty one everywhere.
function checkNormalized(tokens: readonly SoughtToken[]): readonly SoughtToken[] {
  const contents = new Map<string, string>();
  for (const { text, content } of tokens) {
    const other = contents.get(text);
    const [name, otherName] = [content, other].map((name) => JSON.stringify(name));
    if (text === "") throw new Error(`expected an added token that is not empty once normalized, got ${name}`);
    if (other !== undefined) {
      throw new Error(`expected added tokens that differ once normalized, got ${otherName} and ${name}`);
    }
    contents.set(text, content);
  }
  return tokens;
}

function finder(tokens: readonly SoughtToken[]) {
  // Of several that begin at one place the longest is taken.
  const sorted = tokens.toSorted((a, b) => b.text.length - a.text.length);
  const byText = new Map(sorted.map((token) => [token.text, token]));
  if (byText.size === 0) return (text: string): Section[] => text === "" ? [] : [{ text }];
  const pattern = new RegExp([...byText.keys()].map((text) => RegExp.escape(text)).join("|"), "gu");
  return (text: string): Section[] => {
    const sections: Section[] = [];
    let end = 0;
    for (const match of text.matchAll(pattern)) {
      const token = byText.get(match[0])!;
      let [from, to] = [match.index, match.index + match[0].length];
      const [before, after] = [text.slice(0, from), text.slice(to)];
      if (token.single_word && (WORD_AT_END.test(before) || WORD_AT_START.test(after))) continue;
      if (token.lstrip) from = Math.max(end, from - SPACE_AT_END.exec(before)![0].length);
      if (token.rstrip) to += SPACE_AT_START.exec(after)![0].length;
      if (from > end) sections.push({ text: text.slice(end, from) });
      sections.push({ id: token.id });
      end = to;
    }
    if (end < text.length) sections.push({ text: text.slice(end) });
    return sections;
  };
}
