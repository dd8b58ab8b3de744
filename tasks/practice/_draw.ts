/**
 * Random choices, one after another, from a key.
 *
 * @module
 */
import type { RandomKey } from "@opf/framework";

const AT_ONCE = 32;

/** Choices in an order that the key fixes. */
export class Draw {
  #drawn: ArrayLike<number> = [];
  #at = 0;
  #place = 0;

  constructor(readonly key: RandomKey) {}

  /** A number in [0, 1). */
  number(): number {
    if (this.#at === this.#drawn.length) {
      this.#drawn = this.key.uniforms(AT_ONCE, this.#place++);
      this.#at = 0;
    }
    return this.#drawn[this.#at++]!;
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.number() < probability;
  }

  /** One of them, all alike. */
  of<T>(items: readonly T[]): T {
    return items[Math.floor(this.number() * items.length)]!;
  }

  /** A number of the standard normal distribution (Box & Muller 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.number())) * Math.cos(2 * Math.PI * this.number());
  }
}
