/**
 * Random numbers as an argument: keys are derived, there is no hidden state.
 *
 * The generator is Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), which
 * TensorFlow's stateless ops use too, so that every backend draws the same bits.
 *
 * @module
 */

/**
 * The threshold of a dropout mask: an element is dropped if its 16-bit half of a random word is below the threshold, so rates
 * are rounded to multiples of 1/65536.
 *
 * @example
 * ```ts
 * import { maskThreshold } from "@opf/framework";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([0, 0.25, 1].map(maskThreshold), [0, 16384, 65536]);
 * ```
 */
export const maskThreshold = (rate: number): number => Math.round(rate * 65536);

const DRAW = 0, FOLD_NUMBER = 1, FOLD_TEXT = 2;

/**
 * A key from which random numbers and further keys are derived. A key gives the same numbers on every backend.
 *
 * @example Keys of one run
 * ```ts
 * import { RandomKey } from "@opf/framework";
 * import { assertEquals, assertNotEquals } from "@std/assert";
 *
 * const run = RandomKey.of(1);
 * assertEquals(run.fold("shuffle").fold(2).words, RandomKey.of(1).fold("shuffle").fold(2).words);
 * assertNotEquals(run.fold("shuffle").words, run.fold("dropout").words);
 * ```
 */
export class RandomKey {
  /** The two 32-bit words of the key. */
  readonly words: readonly [number, number];

  private constructor(words: readonly [number, number]) {
    this.words = words;
  }

  /** The key of a seed, an integer from 0 to 2⁵³ − 1. */
  static of(seed: number): RandomKey {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`Expected an integer from 0 to 2^53 - 1 as seed, got ${seed}.`);
    }
    return new RandomKey([seed >>> 0, Math.floor(seed / 2 ** 32)]);
  }

  /** The key with these two words, truncated to 32 bits. */
  static ofWords(first: number, second: number): RandomKey {
    return new RandomKey([first >>> 0, second >>> 0]);
  }

  /** Derives a key by a name or a number. */
  fold(label: string | number): RandomKey {
    if (typeof label === "number") {
      const words = philox(this.words, [label >>> 0, Math.floor(label / 2 ** 32) >>> 0, 0, FOLD_NUMBER]);
      return new RandomKey([words[0], words[1]]);
    }
    const bytes = new TextEncoder().encode(label);
    let words = this.words;
    for (let offset = 0; offset <= bytes.length; offset += 8) {
      const word = (start: number) =>
        ((bytes[start] ?? 0) | (bytes[start + 1] ?? 0) << 8 | (bytes[start + 2] ?? 0) << 16 |
          (bytes[start + 3] ?? 0) << 24) >>>
        0;
      const next = philox(words, [word(offset), word(offset + 4), bytes.length, FOLD_TEXT]);
      words = [next[0], next[1]];
    }
    return new RandomKey(words);
  }

  /** `count` 32-bit integers: element `i` is word `i % 4` of block `i / 4` of the key's stream `stream`. */
  bits(count: number, stream = 0): Uint32Array<ArrayBuffer> {
    const words = new Uint32Array(Math.ceil(count / 4) * 4);
    philoxBlocks(words, { key: this.words, counter: [0, 0, stream, DRAW] });
    return words.subarray(0, count);
  }

  /** `count` uniform numbers in [0, 1), multiples of 2⁻²⁴. */
  uniforms(count: number, stream = 0): Float32Array<ArrayBuffer> {
    return Float32Array.from(this.bits(count, stream), (bits) => (bits >>> 8) * 2 ** -24);
  }

  /** The numbers 0 … `count` − 1 in random order. */
  permutation(count: number): number[] {
    const order = Array.from({ length: count }, (_, index) => index);
    const bits = this.bits(count);
    for (let last = count - 1; last > 0; last--) {
      const other = Math.floor(bits[last]! * 2 ** -32 * (last + 1));
      [order[last], order[other]] = [order[other]!, order[last]!];
    }
    return order;
  }
}

type Words4 = readonly [number, number, number, number];

// The four words of one block.
function philox(key: readonly [number, number], counter: Words4): Words4 {
  const words = new Uint32Array(4);
  philoxBlocks(words, { key, counter });
  return words as unknown as Words4;
}

// Fills `output` with ten rounds on consecutive counters. Signed 32-bit arithmetic without objects, because dropout draws millions
// of numbers per step on engines without a native generator.
function philoxBlocks(
  output: Uint32Array,
  { key, counter }: { readonly key: readonly [number, number]; readonly counter: Words4 },
): void {
  for (let index = 0; index < output.length; index += 4) {
    let k0 = key[0] | 0, k1 = key[1] | 0;
    let c0 = (counter[0] + index / 4) | 0, c1 = counter[1] | 0, c2 = counter[2] | 0, c3 = counter[3] | 0;
    for (let round = 0; round < 10; round++) {
      const high0 = multiplyHigh(0xD2511F53, c0), low0 = Math.imul(0xD2511F53, c0);
      const high1 = multiplyHigh(0xCD9E8D57, c2), low1 = Math.imul(0xCD9E8D57, c2);
      c0 = high1 ^ c1 ^ k0;
      c1 = low1;
      c2 = high0 ^ c3 ^ k1;
      c3 = low0;
      k0 = (k0 + 0x9E3779B9) | 0;
      k1 = (k1 + 0xBB67AE85) | 0;
    }
    output[index] = c0;
    output[index + 1] = c1;
    output[index + 2] = c2;
    output[index + 3] = c3;
  }
}

// The upper 32 bits of an unsigned product, by halves: each sum fits into 32 bits.
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xFFFF, aHigh = a >>> 16, bLow = b & 0xFFFF, bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const carried = (Math.imul(aLow, bHigh) + (middle & 0xFFFF)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carried >>> 16)) | 0;
}
