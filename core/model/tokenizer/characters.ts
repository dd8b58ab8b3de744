/**
 * Classes of characters as the Rust library of tokenizers has them, for regular expressions with the flag `u`.
 *
 * @module
 */

/** `char::is_whitespace`. JavaScript's own `\s` has U+FEFF, and not U+0085. */
export const WHITE_SPACE = "\\p{White_Space}";

/** `\w` of Rust's regular expressions. */
export const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";

/** Punctuation as BERT has it: all of ASCII's symbols, and Unicode's punctuation. */
export const PUNCTUATION = "\\p{P}!-\\/:-@\\[-`{-~";

const LEADING = new RegExp(`^${WHITE_SPACE}+`, "u");
const TRAILING = new RegExp(`${WHITE_SPACE}+$`, "u");

/** Without the white space at its start. */
export const trimStart = (text: string): string => text.replace(LEADING, "");

/** Without the white space at its end. */
export const trimEnd = (text: string): string => text.replace(TRAILING, "");
