/**
 * Random numbers as an argument: keys that are derived, never a hidden state.
 *
 * The generator is Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), the one that
 * TensorFlow's stateless ops use, so that every backend draws the same bits.
 *
 * @module
 */

/**
 * Half words (0 to 65535) below it drop their element of a mask, those from it on keep it: rates are rounded to multiples
 * of 1/65536.
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
 * A key from which random numbers and further keys are derived. The same key gives the same numbers, on every backend.
 *
 * @example Two places of one run
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

  /** The key of a seed: any whole number up to 2⁵³. */
  static of(seed: number): RandomKey {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`A seed is a whole number from 0 to 2^53 - 1, found ${seed}.`);
    }
    return new RandomKey([seed >>> 0, Math.floor(seed / 2 ** 32)]);
  }

  /** The key of these two words, each taken as 32 bits. */
  static ofWords(first: number, second: number): RandomKey {
    return new RandomKey([first >>> 0, second >>> 0]);
  }

  /** The key of a named or numbered place under this one. */
  fold(place: string | number): RandomKey {
    if (typeof place === "number") {
      const words = philox(this.words, [place >>> 0, Math.floor(place / 2 ** 32) >>> 0, 0, FOLD_NUMBER]);
      return new RandomKey([words[0], words[1]]);
    }
    const bytes = new TextEncoder().encode(place);
    let words = this.words;
    for (let at = 0; at <= bytes.length; at += 8) {
      const word = (from: number) =>
        ((bytes[from] ?? 0) | (bytes[from + 1] ?? 0) << 8 | (bytes[from + 2] ?? 0) << 16 |
          (bytes[from + 3] ?? 0) << 24) >>>
        0;
      const next = philox(words, [word(at), word(at + 4), bytes.length, FOLD_TEXT]);
      words = [next[0], next[1]];
    }
    return new RandomKey(words);
  }

  /** `count` whole numbers of 32 bits: element `i` is word `i % 4` of block `i / 4` of the key's `place`. */
  bits(count: number, place = 0): Uint32Array<ArrayBuffer> {
    const drawn = new Uint32Array(Math.ceil(count / 4) * 4);
    philoxBlocks(drawn, { key: this.words, counter: [0, 0, place, DRAW] });
    return drawn.subarray(0, count);
  }

  /** `count` numbers in [0, 1), each a multiple of 2⁻²⁴. */
  uniforms(count: number, place = 0): Float32Array<ArrayBuffer> {
    return Float32Array.from(this.bits(count, place), (bits) => (bits >>> 8) * 2 ** -24);
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

// The four words of one counter.
function philox(key: readonly [number, number], counter: Words4): Words4 {
  const words = new Uint32Array(4);
  philoxBlocks(words, { key, counter });
  return words as unknown as Words4;
}

// Ten rounds on each of as many counters as fill `into`, the first word counting up. In signed 32-bit arithmetic, without
// objects: dropout draws millions of numbers a step where the engine has no generator of its own.
function philoxBlocks(
  into: Uint32Array,
  { key, counter }: { readonly key: readonly [number, number]; readonly counter: Words4 },
): void {
  for (let at = 0; at < into.length; at += 4) {
    let k0 = key[0] | 0, k1 = key[1] | 0;
    let c0 = (counter[0] + at / 4) | 0, c1 = counter[1] | 0, c2 = counter[2] | 0, c3 = counter[3] | 0;
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
    into[at] = c0;
    into[at + 1] = c1;
    into[at + 2] = c2;
    into[at + 3] = c3;
  }
}

// The upper 32 bits of the product of two numbers taken as unsigned, by halves: each sum here fits into 32 bits.
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xFFFF, aHigh = a >>> 16, bLow = b & 0xFFFF, bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const carried = (Math.imul(aLow, bHigh) + (middle & 0xFFFF)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carried >>> 16)) | 0;
}
