/**
 * Philox's rounds in integer operations.
 *
 * @module
 */
import { LazyNode } from "../_stablehlo/node.ts";
import { binary, bitcast, convert, iota, splat } from "../_stablehlo/elementwise.ts";
import { broadcastInDim, broadcastTo, reshape, slice } from "../_stablehlo/movement.ts";

// Salmon et al. 2011, as in core/random.ts: what words are multiplied with, and what is added to the key.
const MULTIPLIERS = [0xD2511F53, 0xCD9E8D57] as const;
const KEY_STEPS = [0x9E3779B9, 0xBB67AE85] as const;
const ROUNDS = 10;
const WORD_BITS = 32;

/** Which blocks of a key's numbers are drawn. */
export interface Blocks {
  /** The upper halves of counters: one row of blocks for each. */
  readonly places: readonly number[];
  /** Blocks of a row. */
  readonly blocks: number;
  /** The first block of a row, a scalar. @default 0 */
  readonly from?: LazyNode | undefined;
}

/** The four words of each block, `[places, blocks]` each. */
export function philox(key: LazyNode, { places, blocks, from }: Blocks): LazyNode[] {
  const shape = [places.length, blocks];
  const everywhere = (scalar: LazyNode) => broadcastTo(scalar, shape);
  const words = bitcast(key, "ui32");
  let [first, second] = [0, 1].map((index) => reshape(slice(words, { begin: [index], end: [index + 1] }), [])) as [
    LazyNode,
    LazyNode,
  ];
  const block = iota("ui32", shape, 1), zero = splat(0, "ui32", shape);
  let a = from ? binary("add", block, everywhere(from)) : block;
  let [b, c, d] = [zero, broadcastInDim(numbers(places), shape, [0]), zero];
  for (let round = 0; round < ROUNDS; round++) {
    const [one, other] = [product(a, MULTIPLIERS[0]), product(c, MULTIPLIERS[1])];
    a = binary("xor", binary("xor", other.high, b), everywhere(first));
    b = other.low;
    c = binary("xor", binary("xor", one.high, d), everywhere(second));
    d = one.low;
    first = binary("add", first, splat(KEY_STEPS[0], "ui32"));
    second = binary("add", second, splat(KEY_STEPS[1], "ui32"));
  }
  return [a, b, c, d];
}

// Both halves of a product of 64 bits.
function product(x: LazyNode, factor: number): { high: LazyNode; low: LazyNode } {
  const constant = (value: number) => splat(value, "ui64", x.shape);
  const whole = binary("multiply", convert(x, "ui64"), constant(factor));
  return {
    high: convert(binary("shift_right_logical", whole, constant(WORD_BITS)), "ui32"),
    low: convert(whole, "ui32"),
  };
}

/** Numbers `[values.length]`: an argument of eager programs, so that others need no other program, and else a literal. */
export const numbers = (values: readonly number[]): LazyNode =>
  bitcast(new LazyNode({ type: "i32", shape: [values.length], values: Int32Array.from(values) }), "ui32");
