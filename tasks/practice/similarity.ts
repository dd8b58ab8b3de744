/**
 * The practice counterpart of STS-B: how similar are two sentences?
 *
 * @module
 */
import type { Task } from "@opf/framework";
import { pearson, spearman } from "../metrics.ts";
import type { Draw } from "./_draw.ts";
import type { Concept } from "./_lexicon.ts";
import { practiceTask } from "./_practice.ts";
import { type Scene, scene, sentence, type Thing } from "./_scene.ts";

const MAX = 5, NOISE = 0.4, STEP = 0.2;

/** Similarity from 0 to 5 in steps of 0.2, with Gaussian noise of standard deviation 0.4 on the label. */
export const practiceSimilarity: Task = practiceTask({
  name: "practice-similarity",
  head: { kind: "regression", outputs: 1 },
  primary: "spearman",
  metrics: [spearman, pearson],
  rows: { train: 1536, dev: 512 },
  example: (draw) => {
    const one = scene(draw);
    const other = vary(one, draw);
    return { texts: [sentence(one, draw), sentence(other, draw)], label: similarity(one, other) };
  },
  noise: {
    options: { deviation: NOISE },
    apply: (label, draw) => {
      const noisy = Math.round((label + NOISE * draw.normal()) / STEP) * STEP;
      return Number(Math.min(MAX, Math.max(0, noisy)).toFixed(1));
    },
  },
});

// Keeps each part or takes it from another scene, with a probability that differs from pair to pair.
function vary(one: Scene, draw: Draw): Scene {
  const kept = draw.number();
  const other = scene(draw);
  const thing = (first: Thing, second: Thing): Thing => ({
    noun: draw.chance(kept) ? first.noun : second.noun,
    many: first.many,
    adjective: draw.chance(kept) ? first.adjective : second.adjective,
  });
  return {
    subject: thing(one.subject, other.subject),
    verb: draw.chance(kept) ? one.verb : draw.chance(0.5) ? one.verb.opposite! : other.verb,
    negated: draw.chance(0.9) ? one.negated : !one.negated,
    object: thing(one.object, other.object),
  };
}

/**
 * From 0 to 5. Subjects weigh 0.35, verbs 0.3, objects 0.35; within a thing, the noun weighs 0.8 and the adjective 0.2. Equal
 * concepts score 1, nouns of the same kind 0.4, opposites 0.2; a negation of only one of the two halves the total.
 */
export function similarity(one: Scene, other: Scene): number {
  const parts = 0.35 * ofThings(one.subject, other.subject) + 0.3 * ofConcepts(one.verb, other.verb) +
    0.35 * ofThings(one.object, other.object);
  return MAX * parts * (one.negated === other.negated ? 1 : 0.5);
}

const ofThings = (one: Thing, other: Thing): number =>
  0.8 * ofConcepts(one.noun, other.noun) + 0.2 * ofConcepts(one.adjective, other.adjective);

function ofConcepts(one: Concept | undefined, other: Concept | undefined): number {
  if (one === other) return 1;
  if (!one || !other) return 0.5;
  if (one.opposite === other) return 0.2;
  return one.kind !== undefined && one.kind === other.kind ? 0.4 : 0;
}
