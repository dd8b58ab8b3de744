/**
 * Runs that wait for a worker.
 *
 * @module
 */
import type { ResolvedRun } from "../run/resolve.ts";
import type { Result } from "../results/result.ts";

const DEFERRED_SECONDS = 5, POLL_SECONDS = 0.1;

/** Runs in order, each after the run whose weights its score needs. */
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

  /** Waits for the next run that can start; `undefined` if none is left or the signal is aborted. */
  async next(signal: AbortSignal): Promise<ResolvedRun | undefined> {
    while (this.#waiting.length > 0 && !signal.aborted) {
      const now = performance.now();
      const index = this.#waiting.findIndex(({ run, notBefore }) =>
        notBefore <= now && (!run.needs || this.#results.has(run.needs.id))
      );
      if (index >= 0) return this.#waiting.splice(index, 1)[0]!.run;
      await new Promise((resume) => setTimeout(resume, 1000 * POLL_SECONDS));
    }
    return undefined;
  }

  /** Puts back a run that another process is doing: its result is looked for again in some seconds. */
  defer(run: ResolvedRun): void {
    this.#waiting.push({ run, notBefore: performance.now() + 1000 * DEFERRED_SECONDS });
  }
}
