/**
 * Classes of characters as the Rust library of tokenizers has them, for regular expressions with the flag `u`.
 *
 * @module
 */

/** `char::is_whitespace`. JavaScript's own `\s` has U+FEFF, and not U+0085. */
export const WHITE_SPACE = "\\p{White_Space}";

/** `\w` of Rust's regular expressions. */
export const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";

/** Punctuation as BERT has it: all of ASCII's symbols, and Unicode's punctuation, to which U+166D belonged until 2019. */
export const PUNCTUATION = "\\p{P}!-\\/:-@\\[-`{-~\u166d";

/** Marks: Unicode's, to which U+1CF2 and U+1CF3 belonged until 2019. */
export const MARK = "\\p{M}\u1cf2\u1cf3";

const LEADING = new RegExp(`^${WHITE_SPACE}+`, "u");
/** Without the white space at its start. */
export const trimStart = (text: string): string => text.replace(LEADING, "");

const SPACE = new RegExp(WHITE_SPACE, "u");

/** Without the white space at its end; an expression would look at each run of white space as often as it is long. */
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && SPACE.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}
