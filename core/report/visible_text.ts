/**
 * Text of others (names, descriptions, messages) made safe for a person to look at.
 *
 * @module
 */

// Controls, line and paragraph separators, and marks that reverse the direction of what follows.
const INVISIBLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The text on one line, each invisible character as its code: `\u{2028}`. */
export const visibleText = (text: string): string =>
  text.replaceAll(/[\t\n\r ]+/g, " ").replaceAll(
    INVISIBLE,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
