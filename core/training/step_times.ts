/**
 * Seconds per step, apart from the steps that compile.
 *
 * @module
 */

/** Collects the seconds of steps. The first step of each shape since the structure changed compiles, and is left out. */
export class StepTimes {
  readonly #seen = new Set<string>();
  readonly #times: number[] = [];
  #first = 0;

  /** To be called after matrices were factorized: every shape is compiled again. */
  onFactorized(): void {
    this.#seen.clear();
  }

  /** Adds a step on batches of this shape. */
  add(shape: string, seconds: number): void {
    if (this.#seen.has(shape)) this.#times.push(seconds);
    this.#seen.add(shape);
    this.#first ||= seconds;
  }

  /** The measurements so far, to be stored. */
  get state(): { readonly firstStep: number; readonly steps: readonly number[] } {
    return { firstStep: this.#first, steps: this.#times };
  }

  /** Continues from the measurements of another process; this one compiles everything again. */
  restore({ firstStep, steps }: StepTimes["state"]): void {
    this.#first = firstStep;
    this.#times.push(...steps);
  }

  /** The seconds of the first step, and the median of the steps that did not compile. */
  get seconds(): { firstStep: number; perStep: number } {
    const sorted = this.#times.toSorted((a, b) => a - b);
    return { firstStep: this.#first, perStep: sorted[sorted.length >> 1] ?? this.#first };
  }
}
