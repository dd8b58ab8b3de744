/**
 * Philox's rounds in plain arithmetic, for a kernel of XLA: that works on eight blocks at once, where the library's own op
 * works on one and writes every bit. The bits are the same.
 *
 * @module
 */
import { type Attribute, typed } from "./_attributes.ts";
import { TYPE } from "./_ffi.ts";

/** An op with one output: it is given the numbers of tensors and gives that of its output. */
export type Op = (name: string, attributes: readonly Attribute[], inputs: readonly number[]) => number;

/** Elements of a mask that a block of 128 bits decides. */
export const MASK_BLOCK = 8;

/** What a mask is drawn from, as numbers of tensors of int32. */
export interface MaskSource {
  /** The key's two words, then the counter's four, of which the first are those of all blocks, `[blocks]`. */
  readonly words: readonly number[];
  /** A constant. */
  readonly number: (value: number) => number;
}

// Salmon et al. 2011, as in core/random.ts: what words are multiplied with, and what is added to the key.
const MULTIPLIERS = [0xD2511F53, 0xCD9E8D57] as const;
const KEY_STEPS = [0x9E3779B9, 0xBB67AE85] as const;
const ROUNDS = 10;
const HALF = 16, WORD = 32;

/**
 * For each block (int32, `[blocks]`) eight bits, the lowest for the mask's first element: set where the element's half word
 * is at least `threshold`, 0 to 65536.
 */
export function philoxMask(op: Op, { words, number }: MaskSource, threshold: number): number {
  const binary = (name: string) => (a: number, b: number) => op(name, [typed("T", TYPE.uint64)], [a, b]);
  const [add, multiply] = [binary("AddV2"), binary("Mul")];
  const [and, xor, right, left] = [
    binary("BitwiseAnd"),
    binary("BitwiseXor"),
    binary("RightShift"),
    binary("LeftShift"),
  ];
  // Every number has 32 bits in a place of 64, so that products are whole.
  const wide = (signed: number) =>
    op("Cast", [typed("SrcT", TYPE.uint32), typed("DstT", TYPE.uint64)], [
      op("Bitcast", [typed("T", TYPE.int32), typed("type", TYPE.uint32)], [signed]),
    ]);
  const constant = (value: number) => wide(number(value | 0));
  const word = constant(-1), bits = constant(WORD);
  const [multipliers, steps] = [MULTIPLIERS.map(constant), KEY_STEPS.map(constant)];

  let [first, second, a, b, c, d] = words.map(wide) as [number, number, number, number, number, number];
  for (let round = 0; round < ROUNDS; round++) {
    const [one, other] = [multiply(a, multipliers[0]!), multiply(c, multipliers[1]!)];
    a = xor(xor(right(other, bits), b), first);
    b = and(other, word);
    c = xor(xor(right(one, bits), d), second);
    d = and(one, word);
    first = and(add(first, steps[0]!), word);
    second = and(add(second, steps[1]!), word);
  }

  const half = constant(HALF), lower = constant(2 ** HALF - 1), over = constant(2 ** HALF - threshold);
  const stays = (halfWord: number) => right(add(halfWord, over), half); // 1 or 0
  const each = [a, b, c, d].flatMap((x) => [and(x, lower), right(x, half)]).map(stays);
  const all = each.reduce((all, one, place) => add(all, left(one, constant(place))));
  return op("Cast", [typed("SrcT", TYPE.uint64), typed("DstT", TYPE.int32)], [all]);
}
