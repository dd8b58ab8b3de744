/**
 * The words of the practice tasks and their relations.
 *
 * @module
 */

/** The two forms of a word: singular and plural of a noun, or a verb with a singular and with a plural subject. */
export type Forms = readonly [singular: string, plural: string];

/** The meaning shared by synonyms; `kind` is its hypernym, `opposite` the concept that it excludes. */
export interface Concept {
  readonly words: readonly Forms[];
  readonly kind?: string;
  readonly opposite?: Concept;
}

const noun = (word: string): Forms => {
  const [singular, plural = /[sx]$|ch$/.test(word) ? `${word}es` : word.replace(/y$/, "ie") + "s"] = word.split("|");
  return [singular!, plural];
};
const verb = (word: string): Forms => [/[sx]$|ch$/.test(word) ? `${word}es` : `${word}s`, word];
const same = (word: string): Forms => [word, word];

const KINDS_OF_NOUNS = {
  person: [
    "doctor physician",
    "teacher instructor",
    "boy|boys lad",
    "lawyer attorney|attorneys",
    "thief|thieves robber",
  ],
  animal: ["dog hound", "rabbit bunny", "horse steed", "pig hog", "donkey|donkeys mule"],
  vehicle: ["car automobile", "ship boat", "truck lorry", "bicycle bike", "plane aircraft|aircraft"],
  building: ["house home", "shop store", "prison jail", "cabin hut", "church chapel"],
};

/** Words for each kind. */
export const HYPERNYMS: Readonly<Record<string, Concept>> = Object.fromEntries(
  ["person|people", "animal", "vehicle", "building"].map((word) => [word.split("|")[0]!, { words: [noun(word)] }]),
);

/** Nouns, of four kinds. */
export const NOUNS: readonly Concept[] = Object.entries(KINDS_OF_NOUNS).flatMap(([kind, lists]) =>
  lists.map((list) => ({ kind, words: list.split(" ").map(noun) }))
);

function opposites(pairs: readonly (readonly [string, string])[], forms: (word: string) => Forms): Concept[] {
  return pairs.flatMap(([one, other]) => {
    const words = (list: string) => list.split(" ").map(forms);
    const first: Concept & { opposite?: Concept } = { words: words(one) };
    const second: Concept = { words: words(other), opposite: first };
    first.opposite = second;
    return [first, second];
  });
}

/** Verbs with an object. */
export const VERBS: readonly Concept[] = opposites([
  ["like enjoy", "hate detest"],
  ["chase pursue", "avoid evade"],
  ["help assist", "hinder obstruct"],
  ["praise admire", "blame criticise"],
  ["find discover", "lose misplace"],
], verb);

/** Adjectives of things and people. */
export const ADJECTIVES: readonly Concept[] = opposites([
  ["big large", "small little"],
  ["quick fast", "slow sluggish"],
  ["old aged", "new recent"],
  ["clean tidy", "dirty filthy"],
  ["strong sturdy", "weak feeble"],
], same);

/** What reviews are about. */
export const ASPECTS = ["film", "plot", "acting", "music", "food", "service", "room", "staff", "menu", "ending"];

/** Adjectives of judgment with their value. */
export const JUDGMENTS: readonly (readonly [word: string, value: number])[] = [
  ["good", 1],
  ["nice", 1],
  ["pleasant", 1],
  ["great", 2],
  ["lovely", 2],
  ["charming", 2],
  ["superb", 3],
  ["brilliant", 3],
  ["bad", -1],
  ["poor", -1],
  ["dull", -1],
  ["awful", -2],
  ["boring", -2],
  ["ugly", -2],
  ["horrible", -3],
  ["terrible", -3],
];

/** Modifiers of a judgment with the factor that they multiply it by. */
export const MODIFIERS: readonly (readonly [words: string, factor: number])[] = [
  ["", 1],
  ["very", 1.5],
  ["rather", 0.75],
  ["not", -1],
  ["hardly", -1],
  ["not very", -0.75],
];

/** Determiners by the grammatical number of their noun; `a` is written `an` before a vowel. */
export const DETERMINERS = { one: ["a", "the", "this", "that"], many: ["some", "the", "these", "those"] } as const;

/** Words of no list above. */
const OTHERS = ["an", "does", "do", "not", "is", "and", "but", "near", "behind", "."];

/** All words, each once. */
export const WORDS: readonly string[] = [
  ...new Set([
    ...OTHERS,
    ...Object.values(DETERMINERS).flat(),
    ...[...NOUNS, ...Object.values(HYPERNYMS), ...VERBS, ...ADJECTIVES].flatMap(({ words }) => words.flat()),
    ...ASPECTS,
    ...JUDGMENTS.map(([word]) => word),
    ...MODIFIERS.flatMap(([words]) => words.split(" ").filter((word) => word !== "")),
  ]),
];
