/**
 * Unlabeled, well-formed text of the practice grammar.
 *
 * @module
 */
import { type Example, RandomKey } from "@opf/framework";
import { Draw } from "./_draw.ts";
import { review } from "./_review.ts";
import { consequence, scene, sentence } from "./_scene.ts";

/**
 * The `index`-th passage of a seed, for pre-training: a review, a sentence, or two sentences that describe one scene in
 * different words. It contains no labels of the practice tasks.
 */
export function practicePassage(seed: number, index: number): Example["texts"] {
  const draw = new Draw(RandomKey.of(seed).fold("passage").fold(index));
  const kind = draw.number();
  if (kind < 0.25) return [review(draw).text];
  const described = scene(draw);
  if (kind < 0.35) return [sentence(described, draw)];
  const follows = sentence(consequence(described, draw), draw);
  return draw.chance(0.5) ? [sentence(described, draw), follows] : [follows, sentence(described, draw)];
}
