/**
 * Text of the practice grammar, as it would be found: no labels, nothing wrong.
 *
 * @module
 */
import { type Example, RandomKey } from "@opf/framework";
import { Draw } from "./_draw.ts";
import { review } from "./_review.ts";
import { consequence, scene, sentence } from "./_scene.ts";

/**
 * Text to pre-train on, the `index`-th of a seed: a review, a sentence, or two that tell of one scene in other words, one
 * after the other. Nothing in it says what is a label in a practice task.
 */
export function practicePassage(seed: number, index: number): Example["texts"] {
  const draw = new Draw(RandomKey.of(seed).fold("passage").fold(index));
  const kind = draw.number();
  if (kind < 0.25) return [review(draw).text];
  const told = scene(draw);
  if (kind < 0.35) return [sentence(told, draw)];
  const follows = sentence(consequence(told, draw), draw);
  return draw.chance(0.5) ? [sentence(told, draw), follows] : [follows, sentence(told, draw)];
}
