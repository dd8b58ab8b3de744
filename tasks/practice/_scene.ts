/**
 * Scenes (who does what to whom) and the sentences that describe them.
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

/** Draws a scene; actors are people and animals. */
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

/** A scene that the given one entails: adjectives may be dropped and nouns replaced by their hypernyms. */
export function consequence(given: Scene, draw: Draw): Scene {
  const thing = ({ noun, many, adjective }: Thing): Thing => ({
    noun: noun.kind && draw.chance(0.3) ? HYPERNYMS[noun.kind]! : noun,
    many,
    adjective: draw.chance(0.7) ? adjective : undefined,
  });
  // A denial about a dog says nothing about every animal.
  if (given.negated) return given;
  return { ...given, subject: thing(given.subject), object: thing(given.object) };
}

/** The words of a thing; its determiner is drawn or, if `plain`, `a` or `some`. */
export function phrase({ noun, many, adjective }: Thing, draw: Draw, { plain = false } = {}): string[] {
  const list = many ? DETERMINERS.many : DETERMINERS.one;
  const rest = [
    ...adjective ? [draw.of(adjective.words)[0]] : [],
    draw.of(noun.words)[many ? 1 : 0],
  ];
  const determiner = plain ? list[0] : draw.of<string>(list);
  return [determiner === "a" && /^[aeiou]/.test(rest[0]!) ? "an" : determiner, ...rest];
}

/** The words of the verb phrase for a singular or plural subject. */
export function predicate({ verb, negated }: Scene, draw: Draw, many: boolean): string[] {
  const forms = draw.of(verb.words);
  return negated ? [many ? "do" : "does", "not", forms[1]] : [forms[many ? 1 : 0]];
}

/** A sentence that describes a scene in words drawn among synonyms. */
export function sentence(described: Scene, draw: Draw, options: { readonly plain?: boolean } = {}): string {
  return [
    ...phrase(described.subject, draw, options),
    ...predicate(described, draw, described.subject.many),
    ...phrase(described.object, draw, options),
    ".",
  ].join(" ");
}
