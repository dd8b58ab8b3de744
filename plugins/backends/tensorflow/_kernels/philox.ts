/**
 * Philox's rounds in integer arithmetic, for a kernel of XLA, which works on eight blocks at once; TensorFlow's own op works
 * on one and writes every bit. The bits are the same.
 *
 * @module
 */
import { type Attribute, typed } from "../_c_api/attributes.ts";
import { TYPE } from "../_c_api/ffi.ts";

/** Runs an op with one output on tensors by their ids; returns the id of the output. */
export type Op = (name: string, attributes: readonly Attribute[], inputs: readonly number[]) => number;

/** Elements of a mask that one block of 128 bits decides. */
export const MASK_BLOCK = 8;

/** The inputs of a mask, as ids of int32 tensors. */
export interface MaskSource {
  /** The key's two words, then the counter's four; the first of these counts blocks, `[blocks]`. */
  readonly words: readonly number[];
  readonly constant: (value: number) => number;
}

// Multipliers and key increments of Salmon et al. 2011, as in core/random.ts.
const MULTIPLIERS = [0xD2511F53, 0xCD9E8D57] as const;
const KEY_INCREMENTS = [0x9E3779B9, 0xBB67AE85] as const;
const ROUNDS = 10;
const HALF = 16, WORD = 32;

/**
 * Eight bits for each block (int32, `[blocks]`), the lowest for the first element of the mask: set if the element's 16-bit
 * half is at least `threshold`, 0 to 65536.
 */
export function philoxMask(op: Op, { words, constant }: MaskSource, threshold: number): number {
  const binary = (name: string) => (a: number, b: number) => op(name, [typed("T", TYPE.uint64)], [a, b]);
  const [add, multiply] = [binary("AddV2"), binary("Mul")];
  const [and, xor, right, left] = [
    binary("BitwiseAnd"),
    binary("BitwiseXor"),
    binary("RightShift"),
    binary("LeftShift"),
  ];
  // Words are 32 bits in uint64, so that products are exact.
  const widen = (signed: number) =>
    op("Cast", [typed("SrcT", TYPE.uint32), typed("DstT", TYPE.uint64)], [
      op("Bitcast", [typed("T", TYPE.int32), typed("type", TYPE.uint32)], [signed]),
    ]);
  const wide = (value: number) => widen(constant(value | 0));
  const lowerWord = wide(-1), wordBits = wide(WORD);
  const [multipliers, increments] = [MULTIPLIERS.map(wide), KEY_INCREMENTS.map(wide)];

  let [k0, k1, c0, c1, c2, c3] = words.map(widen) as [number, number, number, number, number, number];
  for (let round = 0; round < ROUNDS; round++) {
    const [product0, product1] = [multiply(c0, multipliers[0]!), multiply(c2, multipliers[1]!)];
    c0 = xor(xor(right(product1, wordBits), c1), k0);
    c1 = and(product1, lowerWord);
    c2 = xor(xor(right(product0, wordBits), c3), k1);
    c3 = and(product0, lowerWord);
    k0 = and(add(k0, increments[0]!), lowerWord);
    k1 = and(add(k1, increments[1]!), lowerWord);
  }

  const halfBits = wide(HALF), lowerHalf = wide(2 ** HALF - 1), complement = wide(2 ** HALF - threshold);
  const isKept = (half: number) => right(add(half, complement), halfBits); // 1 or 0
  const kept = [c0, c1, c2, c3].flatMap((word) => [and(word, lowerHalf), right(word, halfBits)]).map(isKept);
  const packed = kept.reduce((bits, bit, position) => add(bits, left(bit, wide(position))));
  return op("Cast", [typed("SrcT", TYPE.uint64), typed("DstT", TYPE.int32)], [packed]);
}
