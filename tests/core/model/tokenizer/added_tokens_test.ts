import { assertEquals, assertThrows } from "@std/assert";
import { type AddedToken, addedTokenSplitter } from "../../../../core/model/tokenizer/added_tokens.ts";

const token = (content: string, more: Partial<AddedToken> = {}) => ({
  ...{ content, id: 7, single_word: false, lstrip: false, rstrip: false, normalized: false, special: false },
  ...more,
});
const split = addedTokenSplitter([token("fi", { single_word: true })], (text) => text);
const isFound = (text: string) => split(text).some((section) => "id" in section);

Deno.test("a token of single words is found beside no letter, mark or digit, also beyond U+FFFF, and beside all else", () => {
  for (const character of ["a", "é", "日", "\u0301", "٥", "_", "𝐀", "𐐀", "𠀀", "𝟘"]) {
    for (const text of [`${character}fi`, `fi${character}`, `x ${character}fi${character}`]) {
      assertEquals(isFound(text), false, text);
    }
  }
  for (const character of ["!", " ", "½", "😀", "𝄞"]) {
    for (const text of [`${character}fi`, `fi${character}`, `x${character}fi${character}`]) {
      assertEquals(isFound(text), true, text);
    }
  }
});

Deno.test("added tokens that are equal or empty once normalized are refused", () => {
  const normalize = (text: string) => text.trim().toLowerCase();
  const tokens = (normalized: boolean, ...contents: string[]) =>
    contents.map((content) => token(content, { normalized }));
  addedTokenSplitter(tokens(true, "AB", "a"), normalize);
  addedTokenSplitter([...tokens(false, "AB", "\n"), ...tokens(true, "ab")], normalize);
  assertThrows(
    () => addedTokenSplitter(tokens(true, "AB", "ab"), normalize),
    Error,
    'expected added tokens that differ once normalized, got "AB" and "ab"',
  );
  assertThrows(
    () => addedTokenSplitter(tokens(true, "\n"), normalize),
    Error,
    'expected an added token that is not empty once normalized, got "\\n"',
  );
});
