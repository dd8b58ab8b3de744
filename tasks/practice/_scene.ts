/**
 * Scenes: who does what to whom, and the sentences that tell of them.
 *
 * @module
 */
import type { Draw } from "./_draw.ts";
import { ADJECTIVES, type Concept, DETERMINERS, HYPERNYMS, NOUNS, VERBS } from "./_lexicon.ts";

/** Someone or something. */
export interface Thing {
  readonly noun: Concept;
  readonly many: boolean;
  readonly adjective?: Concept | undefined;
}

/** Who does, or does not do, what to whom. */
export interface Scene {
  readonly subject: Thing;
  readonly verb: Concept;
  readonly negated: boolean;
  readonly object: Thing;
}

const ACTORS = NOUNS.filter(({ kind }) => kind === "person" || kind === "animal");

/** A scene; actors are people and animals. */
export function scene(draw: Draw): Scene {
  const thing = (nouns: readonly Concept[]): Thing => ({
    noun: draw.of(nouns),
    many: draw.chance(0.5),
    adjective: draw.chance(0.5) ? draw.of(ADJECTIVES) : undefined,
  });
  return {
    subject: thing(ACTORS),
    verb: draw.of(VERBS),
    negated: draw.chance(0.2),
    object: thing(NOUNS),
  };
}

/** The same scene with other words: concepts kept, nouns now and then by what they are. */
export function consequence(given: Scene, draw: Draw): Scene {
  const thing = ({ noun, many, adjective }: Thing): Thing => ({
    noun: noun.kind && draw.chance(0.3) ? HYPERNYMS[noun.kind]! : noun,
    many,
    adjective: draw.chance(0.7) ? adjective : undefined,
  });
  // What is denied of a dog is not denied of every animal.
  if (given.negated) return given;
  return { ...given, subject: thing(given.subject), object: thing(given.object) };
}

/** Words of a thing, its determiner drawn or, where `plain`, `a` or `some`. */
export function phrase({ noun, many, adjective }: Thing, draw: Draw, { plain = false } = {}): string[] {
  const list = many ? DETERMINERS.many : DETERMINERS.one;
  const rest = [
    ...adjective ? [draw.of(adjective.words)[0]] : [],
    draw.of(noun.words)[many ? 1 : 0],
  ];
  const determiner = plain ? list[0] : draw.of<string>(list);
  return [determiner === "a" && /^[aeiou]/.test(rest[0]!) ? "an" : determiner, ...rest];
}

/** Words of what is done, for a subject of one or of many. */
export function predicate({ verb, negated }: Scene, draw: Draw, many: boolean): string[] {
  const forms = draw.of(verb.words);
  return negated ? [many ? "do" : "does", "not", forms[1]] : [forms[many ? 1 : 0]];
}

/** A sentence that tells of a scene, in words drawn among synonyms. */
export function sentence(told: Scene, draw: Draw, options: { readonly plain?: boolean } = {}): string {
  return [
    ...phrase(told.subject, draw, options),
    ...predicate(told, draw, told.subject.many),
    ...phrase(told.object, draw, options),
    ".",
  ].join(" ");
}
