/**
 * A sequence of random choices from a key.
 *
 * @module
 */
import type { RandomKey } from "@opf/framework";

const BATCH = 32;

/** A sequence of choices that the key determines. */
export class Draw {
  #uniforms: ArrayLike<number> = [];
  #next = 0;
  #batch = 0;

  constructor(readonly key: RandomKey) {}

  /** A number in [0, 1). */
  number(): number {
    if (this.#next === this.#uniforms.length) {
      this.#uniforms = this.key.uniforms(BATCH, this.#batch++);
      this.#next = 0;
    }
    return this.#uniforms[this.#next++]!;
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.number() < probability;
  }

  /** One of the items, each with the same probability. */
  of<T>(items: readonly T[]): T {
    return items[Math.floor(this.number() * items.length)]!;
  }

  /** A sample of the standard normal distribution (Box & Muller 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.number())) * Math.cos(2 * Math.PI * this.number());
  }
}
