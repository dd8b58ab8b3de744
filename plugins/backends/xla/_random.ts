/**
 * Stateless random numbers: Philox's rounds in integer operations.
 *
 * @module
 */
import { type Engine, type Key, maskThreshold, RandomKey, tf } from "@opf/framework";
import type { XlaBackend } from "./_backend.ts";
import { LazyNode } from "./_node.ts";
import {
  barrier,
  binary,
  bitcast,
  broadcastInDim,
  broadcastTo,
  compare,
  concatenate,
  convert,
  deviceIndex,
  iota,
  reshape,
  slice,
  sliceFrom,
  splat,
} from "./_stablehlo.ts";

// Salmon et al. 2011, as in core/random.ts: what words are multiplied with, and what is added to the key.
const MULTIPLIERS = [0xD2511F53, 0xCD9E8D57] as const;
const KEY_STEPS = [0x9E3779B9, 0xBB67AE85] as const;
const ROUNDS = 10;
const WORDS = 4, HALVES = 8; // of a block
const HALF_BITS = 16, WORD_BITS = 32;

/** The random part of an engine. */
export function randomNumbers(backend: XlaBackend): Pick<Engine, "randomUniform" | "randomMask"> {
  const tensorOf = (node: LazyNode) => tf.engine().makeTensorFromTensorInfo(backend.infoOf(node));
  const keyOf = (key: Key): LazyNode =>
    key instanceof RandomKey
      ? new LazyNode({ type: "i32", shape: [2], values: Int32Array.from(key.words) })
      : backend.nodeOf(key);
  return {
    randomUniform: (key, shape, { counter = 0 } = {}) => {
      const count = tf.util.sizeFromShape([...shape]);
      const words = philox(keyOf(key), counter, Math.ceil(count / WORDS));
      const columns = words.map((word) => reshape(word, [word.size, 1]));
      const bits = firstOf(barrier(concatenate(columns, 1)), count);
      const high = convert(binary("shift_right_logical", bits, splat(8, "ui32", [count])), "f32");
      return tensorOf(reshape(binary("multiply", high, splat(2 ** -24, "f32", [count])), shape));
    },
    randomMask: (key, shape, { rate, counter = 0 }) => {
      const count = tf.util.sizeFromShape([...shape]);
      const { blocks, firstBlock, within } = partOfMask(count, backend.devices);
      // Eight elements a number, and that whole before the elements: a block is not drawn again for each of them.
      const words = philox(keyOf(key), counter, blocks, firstBlock);
      const kept = barrier(keptBits(words, maskThreshold(rate)));
      const each = [kept.size, HALVES];
      const shifted = binary("shift_right_logical", broadcastInDim(kept, each, [0]), iota("ui32", each, 1));
      const alone = binary("and", shifted, splat(1, "ui32", each));
      const elements = compare("NE", alone, splat(0, "ui32", each));
      const own = within ? sliceFrom(reshape(elements, [elements.size]), within, count) : firstOf(elements, count);
      return tensorOf(reshape(own, shape));
    },
  };
}

const firstOf = (x: LazyNode, count: number): LazyNode => slice(reshape(x, [x.size]), { begin: [0], end: [count] });

/** Where a device's elements lie in the mask of the whole batch. */
interface MaskPart {
  /** Blocks that hold them. */
  readonly blocks: number;
  /** The first of these blocks, a scalar. @default 0 */
  readonly firstBlock?: LazyNode;
  /** Elements of the first block that belong to the device before. @default 0 */
  readonly within?: LazyNode;
}

// Device `d` has elements `d · count` to `(d + 1) · count` of the whole batch's, whose blocks hold eight each.
function partOfMask(count: number, devices: number): MaskPart {
  if (devices === 1) return { blocks: Math.ceil(count / HALVES) };
  const times = (x: LazyNode, factor: number) => binary("multiply", x, splat(factor, "ui32"));
  const index = deviceIndex(), rest = count % HALVES;
  const firstBlock = times(index, Math.floor(count / HALVES));
  if (rest === 0) return { blocks: count / HALVES, firstBlock };
  const restBefore = times(index, rest), size = splat(HALVES, "ui32");
  return {
    blocks: Math.ceil(count / HALVES) + 1,
    firstBlock: binary("add", firstBlock, binary("divide", restBefore, size)),
    within: binary("remainder", restBefore, size),
  };
}

// One bit per 16-bit half of a block, lower halves first: set if the half is at least the threshold.
function keptBits(words: readonly LazyNode[], threshold: number): LazyNode {
  const { shape } = words[0]!;
  const constant = (value: number) => splat(value, "ui32", shape);
  const limit = broadcastTo(numberNode(threshold), shape);
  const halves = words.flatMap((word) => [
    binary("and", word, constant(2 ** HALF_BITS - 1)),
    binary("shift_right_logical", word, constant(HALF_BITS)),
  ]);
  return halves
    .map((half, index) => binary("shift_left", convert(compare("GE", half, limit), "ui32"), constant(index)))
    .reduce((all, bit) => binary("or", all, bit));
}

/**
 * The four words of each block, `[blocks]` each: `place` is the upper half of the counter.
 *
 * @param from the first block, a scalar; 0 by default
 */
function philox(key: LazyNode, place: number, blocks: number, from?: LazyNode): LazyNode[] {
  const shape = [blocks];
  const everywhere = (scalar: LazyNode) => broadcastTo(scalar, shape);
  const words = bitcast(key, "ui32");
  let [first, second] = [0, 1].map((index) => reshape(slice(words, { begin: [index], end: [index + 1] }), [])) as [
    LazyNode,
    LazyNode,
  ];
  const zero = splat(0, "ui32", shape);
  const block = from ? binary("add", iota("ui32", shape), everywhere(from)) : iota("ui32", shape);
  let [a, b, c, d] = [block, zero, everywhere(numberNode(place)), zero] as [
    LazyNode,
    LazyNode,
    LazyNode,
    LazyNode,
  ];
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

// An argument of eager programs, so that another number needs no other program; a literal of compiled functions.
const numberNode = (value: number): LazyNode =>
  bitcast(new LazyNode({ type: "i32", shape: [], values: Int32Array.of(value) }), "ui32");
