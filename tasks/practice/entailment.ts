/**
 * The practice counterpart of RTE: does the first sentence entail the second?
 *
 * @module
 */
import type { Task } from "@opf/framework";
import { accuracy } from "../metrics.ts";
import type { Draw } from "./_draw.ts";
import { ADJECTIVES, HYPERNYMS, NOUNS } from "./_lexicon.ts";
import { flips, practiceTask } from "./_practice.ts";
import { consequence, type Scene, scene, sentence, type Thing } from "./_scene.ts";

/** Entailment: class 0 is entailment, as in RTE; one label in twenty is flipped. */
export const practiceEntailment: Task = practiceTask({
  name: "practice-entailment",
  head: { kind: "classification", outputs: 2, labels: ["entailment", "not_entailment"] },
  primary: "accuracy",
  metrics: [accuracy],
  rows: { train: 1536, dev: 512 },
  example: (draw) => {
    const premise: Scene = { ...scene(draw), negated: false };
    const entailed = draw.chance(0.5);
    const follows = consequence(premise, draw);
    const hypothesis = entailed ? follows : contradict(follows, draw);
    const write = (described: Scene) => sentence(described, draw, { plain: true });
    return { texts: [write(premise), write(hypothesis)], label: entails(premise, hypothesis) ? 0 : 1 };
  },
  noise: flips(0.05),
});

/** Whether the first scene entails the second: a small dog is a dog, and an animal. */
export function entails(premise: Scene, hypothesis: Scene): boolean {
  const covers = (one: Thing, other: Thing) =>
    one.many === other.many && (other.noun === one.noun || other.noun === HYPERNYMS[one.noun.kind ?? ""]) &&
    (other.adjective === undefined || other.adjective === one.adjective);
  return premise.verb === hypothesis.verb && premise.negated === hypothesis.negated &&
    covers(premise.subject, hypothesis.subject) && covers(premise.object, hypothesis.object);
}

// A noun of another kind, the opposite verb, a negation, an unmentioned adjective, or subject and object exchanged.
function contradict(given: Scene, draw: Draw): Scene {
  const fault = draw.of(["noun", "verb", "negation", "adjective", "exchange"] as const);
  const place = draw.of(["subject", "object"] as const);
  const thing = given[place];
  if (fault === "noun") {
    const kind = thing.noun.kind ?? Object.keys(HYPERNYMS).find((name) => HYPERNYMS[name] === thing.noun);
    const others = NOUNS.filter((noun) => noun !== thing.noun && noun.kind !== kind);
    return { ...given, [place]: { ...thing, noun: draw.of(others) } };
  }
  if (fault === "verb") return { ...given, verb: given.verb.opposite! };
  if (fault === "negation") return { ...given, negated: true };
  if (fault === "adjective") {
    return { ...given, [place]: { ...thing, adjective: thing.adjective?.opposite ?? draw.of(ADJECTIVES) } };
  }
  return { ...given, subject: given.object, object: given.subject };
}
