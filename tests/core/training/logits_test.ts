import { type Head, NotFiniteError } from "@opf/framework";
import { assertAlmostEquals, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { checkSameLogits } from "../../../core/training/logits.ts";

const LOGITS: Head = { kind: "classification", outputs: 2 };
const TEXTS: Head = { ...LOGITS, answers: { maxLength: 3 } };
const RANKED: Head = { ...LOGITS, answers: { maxLength: 3, candidates: [[5, 1], [6, 1]] } };

/** Token ids of texts, of which some end in another token. */
const texts = (count: number, { changed }: { readonly changed: number }) =>
  Array.from({ length: count }, (_, index) => [7, 8, index < changed ? 9 : 1]);

Deno.test("checkSameLogits() takes the share of generated texts that differ, at most one in a hundred", () => {
  const check = (changed: number) =>
    checkSameLogits("Merging", {
      before: texts(200, { changed: 0 }),
      after: texts(200, { changed }),
      head: TEXTS,
    });
  assertEquals([check(0), check(2)], [0, 0.01]);
  assertStringIncludes(
    assertThrows(() => check(3)).message,
    "Merging changed the model: expected equal generated texts on the dev set, within 0.01, got a difference of 0.015.",
  );
});

Deno.test("checkSameLogits() takes the largest difference of logits and of scores of words, in parts of large ones", () => {
  for (const head of [LOGITS, RANKED]) {
    const check = (scale: number, difference: number) =>
      checkSameLogits("Merging", { before: [[0, scale]], after: [[0, scale + difference]], head });
    assertAlmostEquals(check(1, 0.9e-3), 0.9e-3);
    assertAlmostEquals(check(100, 0.09), 0.09);
    assertStringIncludes(assertThrows(() => check(1, 2e-3)).message, "expected equal logits on the dev set");
    assertThrows(() => check(100, NaN));
    assertThrows(() => check(Infinity, 0), NotFiniteError);
  }
});
