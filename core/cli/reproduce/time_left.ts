/**
 * The time that an experiment will still take.
 *
 * @module
 */

interface RunTime {
  /** In seconds. */
  readonly estimated: number;
  state: "waiting" | { readonly seconds: number; readonly left: number } | "finished";
  took: number;
}

/** Estimated times of runs, scaled by how long what is done of them took. */
export class TimeLeft {
  readonly #runs = new Map<string, RunTime>();
  /** Estimated seconds of runs that are announced for later. */
  later = 0;

  /** For `jobs` concurrent runs. */
  constructor(readonly jobs: number) {}

  expect(id: string, estimated: number): void {
    this.#runs.set(id, { estimated, state: "waiting", took: 0 });
  }

  /** A run took `seconds` so far and needs `left` more at its speed. */
  running(id: string, state: { readonly seconds: number; readonly left: number }): void {
    const run = this.#runs.get(id);
    if (run) run.state = state;
  }

  /** `took` is undefined for a run that failed. */
  finished(id: string, took: number | undefined): void {
    const run = this.#runs.get(id);
    if (took === undefined) this.#runs.delete(id);
    else if (run) Object.assign(run, { state: "finished", took });
  }

  /** Seconds until all runs are done. */
  get seconds(): number {
    let [estimated, measured, waiting, left] = [0, 0, this.later, 0];
    for (const run of this.#runs.values()) {
      if (run.state === "waiting") waiting += run.estimated;
      else {
        const state = run.state === "finished" ? { seconds: run.took, left: 0 } : run.state;
        const whole = state.seconds + state.left;
        estimated += whole > 0 ? run.estimated * state.seconds / whole : 0;
        measured += state.seconds;
        left += state.left;
      }
    }
    const ratio = estimated > 0 ? measured / estimated : 1;
    return (left + waiting * ratio) / this.jobs;
  }
}
