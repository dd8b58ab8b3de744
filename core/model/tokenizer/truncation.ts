/**
 * Texts cut to the length that a model takes.
 *
 * @module
 */

/** Where a text is cut. */
export type TruncationSide = "left" | "right";

/**
 * Cuts two lists of tokens to `room` tokens together, the longer first: where both must be cut they end up equal, and one
 * token that is over stays with the longer, or else with the second.
 */
export function truncate(
  [first, second]: readonly [readonly number[], readonly number[]],
  { room, side }: { readonly room: number; readonly side: TruncationSide },
): [readonly number[], readonly number[]] {
  if (first.length + second.length <= room) return [first, second];
  const less = Math.min(first.length, second.length, Math.floor(room / 2));
  const more = room - less;
  const cut = (ids: readonly number[], length: number) =>
    side === "right" || length >= ids.length ? ids.slice(0, length) : ids.slice(ids.length - length);
  return first.length > second.length ? [cut(first, more), cut(second, less)] : [cut(first, less), cut(second, more)];
}
