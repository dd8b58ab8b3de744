/**
 * Seconds of steps, those that compile kept apart.
 *
 * @module
 */

/** Steps of a shape that was not seen since the structure changed compile it: they count apart. */
export class StepTimes {
  readonly #seen = new Set<string>();
  readonly #times: number[] = [];
  #first = 0;

  /** Matrices were written as factors: every shape is compiled again. */
  onFactorized(): void {
    this.#seen.clear();
  }

  /** A step on batches of this shape took so long. */
  add(shape: string, seconds: number): void {
    if (this.#seen.has(shape)) this.#times.push(seconds);
    this.#seen.add(shape);
    this.#first ||= seconds;
  }

  /** What was measured so far, to be written down. */
  get state(): { readonly firstStep: number; readonly steps: readonly number[] } {
    return { firstStep: this.#first, steps: this.#times };
  }

  /** Goes on from what another process measured; it compiles everything again. */
  restore({ firstStep, steps }: StepTimes["state"]): void {
    this.#first = firstStep;
    this.#times.push(...steps);
  }

  /** The first step's seconds, and the median of those that compiled nothing. */
  get seconds(): { firstStep: number; perStep: number } {
    const sorted = this.#times.toSorted((a, b) => a - b);
    return { firstStep: this.#first, perStep: sorted[sorted.length >> 1] ?? this.#first };
  }
}
