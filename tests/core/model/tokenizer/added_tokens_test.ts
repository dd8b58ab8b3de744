import { assertEquals } from "@std/assert";
import { addedTokenSplitter } from "../../../../core/model/tokenizer/added_tokens.ts";

const split = addedTokenSplitter(
  [{ content: "fi", id: 7, single_word: true, lstrip: false, rstrip: false, normalized: false, special: false }],
  (text) => text,
);
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
