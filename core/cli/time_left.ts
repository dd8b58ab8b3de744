/**
 * How long an experiment will still take.
 *
 * @module
 */

interface Expected {
  /** Seconds by estimate. */
  readonly estimated: number;
  state: "waiting" | { readonly seconds: number; readonly left: number } | "finished";
  took: number;
}

/** Estimates of runs, corrected by how long the runs took that were done. */
export class TimeLeft {
  readonly #runs = new Map<string, Expected>();
  /** Seconds, by estimate, of runs that are not expected yet. */
  later = 0;

  /** `jobs` runs are done at once. */
  constructor(readonly jobs: number) {}

  expect(id: string, estimated: number): void {
    this.#runs.set(id, { estimated, state: "waiting", took: 0 });
  }

  /** A run took `seconds` until now and, at its speed, needs `left` more. */
  running(id: string, state: { readonly seconds: number; readonly left: number }): void {
    const run = this.#runs.get(id);
    if (run) run.state = state;
  }

  /** `took` is not known of one that failed. */
  finished(id: string, took: number | undefined): void {
    const run = this.#runs.get(id);
    if (took === undefined) this.#runs.delete(id);
    else if (run) Object.assign(run, { state: "finished", took });
  }

  /** Seconds until all are done. */
  get seconds(): number {
    let [estimated, measured, waiting, left] = [0, 0, this.later, 0];
    for (const run of this.#runs.values()) {
      if (run.state === "waiting") waiting += run.estimated;
      else {
        estimated += run.estimated;
        measured += run.state === "finished" ? run.took : run.state.seconds + run.state.left;
        left += run.state === "finished" ? 0 : run.state.left;
      }
    }
    const ratio = estimated > 0 ? measured / estimated : 1;
    return (left + waiting * ratio) / this.jobs;
  }
}
