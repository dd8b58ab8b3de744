import { RandomKey } from "@opf/framework";
import { practiceAcceptability } from "@opf/framework/tasks";
import { assert, assertEquals } from "@std/assert";
import { sentenceWith } from "../../../tasks/practice/acceptability.ts";
import { Draw } from "../../../tasks/practice/_draw.ts";
import { ADJECTIVES, type Concept, HYPERNYMS, NOUNS, VERBS } from "../../../tasks/practice/_lexicon.ts";

const forms = (concepts: readonly Concept[], form: 0 | 1) =>
  new Set(concepts.flatMap(({ words }) => words.map((word) => word[form])));
const nouns = [...NOUNS, ...Object.values(HYPERNYMS)];
const [one, many] = [forms(nouns, 0), forms(nouns, 1)];
const [does, do_] = [forms(VERBS, 0), forms(VERBS, 1)];
const adjectives = forms(ADJECTIVES, 0);

/** Reads a sentence word by word, by rules written down apart from those that made it. */
function wellFormed(text: string): boolean {
  const words = text.split(" ");
  const take = (known: (word: string) => boolean) => known(words[0] ?? "") ? words.shift()! : undefined;
  const thing = (): "one" | "many" | undefined => {
    const determiner = take((word) => /^(an?|this|that|the|some|these|those)$/.test(word));
    const next = words[0] ?? "";
    take((word) => adjectives.has(word));
    const noun = take((word) => one.has(word) || many.has(word));
    if (!determiner || !noun) return undefined;
    if (/^an?$/.test(determiner) && (determiner === "an") !== /^[aeiou]/.test(next)) return undefined;
    const allowed = /^(an?|this|that)$/.test(determiner) ? "one" : determiner === "the" ? "either" : "many";
    const number = one.has(noun) && many.has(noun) ? allowed : one.has(noun) ? "one" : "many";
    return allowed === "either" || allowed === number ? number as "one" | "many" : undefined;
  };
  const subject = thing();
  if (!subject || (take((word) => /^(near|behind)$/.test(word)) && !thing())) return false;
  const helps = take((word) => word === (subject === "one" ? "does" : "do"));
  if (helps && !take((word) => word === "not")) return false;
  const verbs = helps || subject === "many" ? do_ : does;
  return take((word) => verbs.has(word)) !== undefined && thing() !== undefined && words.join() === ".";
}

Deno.test("a sentence follows the rules, unless it has a fault", () => {
  const key = RandomKey.of(5);
  for (let index = 0; index < 500; index++) {
    const good = sentenceWith(new Draw(key.fold(index)));
    assert(wellFormed(good), good);
    for (const fault of ["agreement", "determiner", "order", "negation", "article"] as const) {
      const bad = sentenceWith(new Draw(key.fold(index)), fault);
      assert(!wellFormed(bad), `${fault}: ${bad}`);
    }
  }
});

Deno.test("one label in twenty is not what the rules say, and the ceiling counts it", async () => {
  const { train, dev, ceiling } = await practiceAcceptability.load({ sources: [] });
  const wrong = (examples: typeof dev) =>
    examples.filter(({ texts: [text], label }) => wellFormed(text) !== (label === 1)).length;
  const rate = (wrong(train) + wrong(dev)) / (train.length + dev.length);
  // Four standard deviations of so many draws.
  assert(Math.abs(rate - 0.05) < 4 * Math.sqrt(0.05 * 0.95 / (train.length + dev.length)), `${rate}`);
  assertEquals(ceiling!.accuracy, 1 - wrong(dev) / dev.length);
});
