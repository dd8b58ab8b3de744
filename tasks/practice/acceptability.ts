/**
 * The practice counterpart of CoLA: is a sentence well formed?
 *
 * @module
 */
import type { Task } from "@opf/framework";
import { accuracy, matthews } from "../metrics.ts";
import type { Draw } from "./_draw.ts";
import { flips, practiceTask } from "./_practice.ts";
import { phrase, predicate, type Scene, scene } from "./_scene.ts";

/** The rule that a sentence violates. */
export type Fault = "agreement" | "determiner" | "order" | "negation" | "article";
const FAULTS: readonly Fault[] = ["agreement", "determiner", "order", "negation", "article"];

/** Acceptability: class 1 is a well-formed sentence; one label in twenty is flipped. */
export const practiceAcceptability: Task = practiceTask({
  name: "practice-acceptability",
  head: { kind: "classification", outputs: 2, labels: ["unacceptable", "acceptable"] },
  primary: "matthews",
  metrics: [matthews, accuracy],
  rows: { train: 1536, dev: 512 },
  example: (draw) => {
    const acceptable = draw.chance(0.6);
    return { texts: [sentenceWith(draw, acceptable ? undefined : draw.of(FAULTS))], label: acceptable ? 1 : 0 };
  },
  noise: flips(0.05),
});

/**
 * A sentence, with a distractor beside the subject that the verb must not agree with. It is well formed or has one fault: the
 * verb or a determiner has the wrong number, words are in the wrong order, `does` is missing, or `a` and `an` are confused.
 */
export function sentenceWith(draw: Draw, fault?: Fault): string {
  const given = scene(draw);
  const { many } = given.subject;
  // A fault needs a place to occur.
  const described: Scene = {
    ...given,
    negated: fault === "negation" || given.negated,
    subject: { ...given.subject, ...(fault === "article" && { many: false }) },
    object: { ...given.object, adjective: undefined },
  };
  const subject = phrase(described.subject, draw, { plain: fault === "article" });
  const beside = [
    draw.of(["near", "behind"]),
    ...phrase({ ...scene(draw).object, many: !many, adjective: undefined }, draw),
  ];
  const agrees = fault === "agreement" ? !described.subject.many : described.subject.many;
  const does = predicate(described, draw, agrees);
  const object = phrase(described.object, draw);
  if (fault === "determiner") subject[0] = draw.of(many ? ["a", "this", "that"] : ["these", "those", "some"]);
  if (fault === "article") subject[0] = subject[0] === "a" ? "an" : "a";
  if (fault === "negation") does.shift();
  if (fault === "order") subject.push(subject.shift()!);
  return [...subject, ...(draw.chance(0.5) ? beside : []), ...does, ...object, "."].join(" ");
}
