/**
 * Many comparisons at once.
 *
 * @module
 */

/**
 * p-values adjusted so that one of them all falls below a level by chance no more often than the level says (Holm 1979,
 * "A simple sequentially rejective multiple test procedure"), in the order given.
 *
 * @example Of two, the smaller counts double
 * ```ts
 * import { holm } from "./holm.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(holm([0.5, 0.01]), [0.5, 0.02]);
 * ```
 */
export function holm(values: readonly number[]): number[] {
  const adjusted = new Array<number>(values.length);
  let largest = 0;
  [...values.keys()].sort((a, b) => values[a]! - values[b]!).forEach((place, at) => {
    largest = Math.max(largest, Math.min(1, (values.length - at) * values[place]!));
    adjusted[place] = largest;
  });
  return adjusted;
}
