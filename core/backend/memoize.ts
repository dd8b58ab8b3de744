/**
 * Functions that compute each result once.
 *
 * @module
 */

/** The function with its results cached by the values of its arguments, so that equal settings share one result. */
export function memoize<A extends (string | number)[], R>(compute: (...settings: A) => R): (...settings: A) => R {
  const cache = new Map<string, R>();
  return (...settings) => cache.getOrInsertComputed(settings.join(), () => compute(...settings));
}
