/**
 * Lists that are sets.
 *
 * @module
 */
import { RequestError } from "../errors.ts";

/** How {@linkcode checkDistinct} compares items. */
export interface DistinctOptions<T> {
  /** The list, as messages name it. */
  readonly what: string;
  /** Equal for equal items. @default the item as JSON */
  readonly keyOf?: (item: T) => string;
  /** An item in a message. @default the item as JSON */
  readonly show?: (item: T) => string;
}

/**
 * Refuses a list that holds something twice: what is counted twice passes for more evidence than there is.
 *
 * @throws {RequestError} with the second of two equal items
 */
export function checkDistinct<T>(
  list: readonly T[],
  { what, keyOf = JSON.stringify, show = JSON.stringify }: DistinctOptions<T>,
): void {
  const keys = new Set<string>();
  for (const item of list) {
    const key = keyOf(item);
    if (keys.has(key)) throw new RequestError(`${what}: ${show(item)} is listed twice.`);
    keys.add(key);
  }
}
