/**
 * Many files at a time, but not all at once.
 *
 * @module
 */

/** Files that are read at a time: more would hold more memory and open files, and end no sooner. */
const LIMIT = 16;

/** The results of `run` in the order of the items; {@linkcode LIMIT} are made at a time. */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  run: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const entries = items.entries(); // shared: each takes the next one
  const work = async () => {
    for (const [index, item] of entries) results[index] = await run(item);
  };
  await Promise.all(Array.from({ length: Math.min(LIMIT, items.length) }, work));
  return results;
}
