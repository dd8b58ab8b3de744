/**
 * Reviews of two clauses and their sentiment.
 *
 * @module
 */
import type { Draw } from "./_draw.ts";
import { ASPECTS, JUDGMENTS, MODIFIERS } from "./_lexicon.ts";

/** A review. */
export interface Review {
  readonly text: string;
  /** Positive for praise, negative for blame, never 0; a clause after `but` counts one and a half times. */
  readonly value: number;
}

const AFTER_BUT = 1.5;

/**
 * Generates a review: `and` joins clauses that agree, `but` clauses that disagree. Half of all clauses negate their judgment;
 * `plain` is the share of clauses that never do.
 */
export function review(draw: Draw, { plain = 0 }: { readonly plain?: number } = {}): Review {
  for (;;) {
    const [first, second] = [clause(draw, plain), clause(draw, plain)];
    const but = first.value * second.value < 0;
    const value = first.value + (but ? AFTER_BUT : 1) * second.value;
    if (Math.abs(value) < 0.5 || first.aspect === second.aspect) continue;
    return { text: `${first.text} ${but ? "but" : "and"} ${second.text} .`, value };
  }
}

function clause(draw: Draw, plain: number) {
  const aspect = draw.of(ASPECTS);
  const modifiers = plain > 0 && draw.chance(plain) ? MODIFIERS.filter(([, factor]) => factor > 0) : MODIFIERS;
  const [modifier, factor] = draw.of(modifiers);
  const [judgment, value] = draw.of(JUDGMENTS);
  return { aspect, text: `the ${aspect} is ${modifier} ${judgment}`.replace("  ", " "), value: factor * value };
}
