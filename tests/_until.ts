/**
 * Waiting for what other processes do.
 *
 * @module
 */

/** How {@linkcode until} waits. */
export interface UntilOptions {
  /** Whether the process has ended that is waited for: then nothing more comes. @default never */
  readonly ended?: () => boolean;
  /** Milliseconds between two looks. @default 10 */
  readonly pause?: number;
  /** Seconds until it gives up. @default 240, which is enough for a machine that is busy with other things */
  readonly patience?: number;
}

type Look<T> = () => Promise<T | undefined | false> | T | undefined | false;

/**
 * Waits until something is found, anything but `undefined` or `false`, and returns it; `undefined` if the process ended
 * without it. Throws with `what` if nothing is found for too long.
 */
export function until<T>(what: string, look: Look<T>, options?: Omit<UntilOptions, "ended">): Promise<T>;
export function until<T>(what: string, look: Look<T>, options: UntilOptions): Promise<T | undefined>;
export async function until<T>(
  what: string,
  look: Look<T>,
  { ended = () => false, pause = 10, patience = 240 }: UntilOptions = {},
): Promise<T | undefined> {
  const end = performance.now() + 1000 * patience;
  while (performance.now() < end) {
    const isLast = ended();
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (isLast) return undefined;
    await new Promise((resume) => setTimeout(resume, pause));
  }
  throw new Error(`Waited ${patience} s until ${what}.`);
}
