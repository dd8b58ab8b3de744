/**
 * Runs that wait for a worker.
 *
 * @module
 */
import type { ResolvedRun } from "../run/resolve.ts";
import type { Result } from "../results/result.ts";

const DEFERRED_SECONDS = 5, LOOK_SECONDS = 0.1;

/** In their order, each after the run whose weights its score looks at. */
export class Queue {
  readonly #waiting: { run: ResolvedRun; notBefore: number }[];
  readonly #results: ReadonlyMap<string, Result>;

  constructor(runs: readonly ResolvedRun[], results: ReadonlyMap<string, Result>) {
    this.#waiting = runs.map((run) => ({ run, notBefore: 0 }));
    this.#results = results;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** The next run that can be done; waits for one. Nothing where none is left, or the signal comes. */
  async next(signal: AbortSignal): Promise<ResolvedRun | undefined> {
    while (this.#waiting.length > 0 && !signal.aborted) {
      const now = performance.now();
      const at = this.#waiting.findIndex(({ run, notBefore }) =>
        notBefore <= now && (!run.needs || this.#results.has(run.needs.id))
      );
      if (at >= 0) return this.#waiting.splice(at, 1)[0]!.run;
      await new Promise((resume) => setTimeout(resume, 1000 * LOOK_SECONDS));
    }
    return undefined;
  }

  /** Another process is at it: to be looked at again in a while. */
  defer(run: ResolvedRun): void {
    this.#waiting.push({ run, notBefore: performance.now() + 1000 * DEFERRED_SECONDS });
  }
}
