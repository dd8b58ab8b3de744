/**
 * Stateless random numbers.
 *
 * @module
 */
import { type Engine, type Key, maskThreshold, RandomKey, tf } from "@opf/framework";
import type { Trace, XlaBackend } from "../_backend.ts";
import { LazyNode } from "../_stablehlo/node.ts";
import { numbers, philox } from "./philox.ts";
import { statementsText } from "../_stablehlo/program.ts";
import { deviceIndex } from "../_stablehlo/devices.ts";
import { barrier, binary, compare, convert, iota, splat } from "../_stablehlo/elementwise.ts";
import { broadcastInDim, broadcastTo, concatenate, reshape, slice, sliceFrom } from "../_stablehlo/movement.ts";
import { typeText } from "../_stablehlo/text.ts";

const WORDS = 4, HALVES = 8; // of a block
const HALF_BITS = 16;

/** The random part of an engine. */
export function randomNumbers(backend: XlaBackend): Pick<Engine, "randomUniform" | "randomMask"> {
  const tensorOf = (node: LazyNode) => tf.engine().makeTensorFromTensorInfo(backend.infoOf(node));
  const keyOf = (key: Key): LazyNode =>
    key instanceof RandomKey
      ? new LazyNode({ type: "i32", shape: [2], values: Int32Array.from(key.words) })
      : backend.nodeOf(key);
  const groups = new WeakMap<Trace, Map<LazyNode, Map<string, MaskGroup>>>();
  // Masks of one function, key, size and rate are drawn together, however many there are.
  const keptBitsOf = (key: LazyNode, { counter, ...draw }: MaskDraw & { readonly counter: number }): LazyNode => {
    const trace = backend.traces.at(-1);
    if (!trace || !key.isTraced) return barrier(keptBits(key, [counter], draw));
    return groups.getOrInsertComputed(trace, () => new Map()).getOrInsertComputed(key, () => new Map())
      .getOrInsertComputed(JSON.stringify(draw), () => new MaskGroup(key, draw)).row(counter);
  };
  return {
    randomUniform: (key, shape, { counter = 0 } = {}) => {
      const count = tf.util.sizeFromShape([...shape]);
      const words = philox(keyOf(key), { places: [counter], blocks: Math.ceil(count / WORDS) });
      const columns = words.map((word) => reshape(word, [word.size, 1]));
      const bits = firstOf(barrier(concatenate(columns, 1)), count);
      const high = convert(binary("shift_right_logical", bits, splat(8, "ui32", [count])), "f32");
      return tensorOf(reshape(binary("multiply", high, splat(2 ** -24, "f32", [count])), shape));
    },
    randomMask: (key, shape, { rate, counter = 0 }) => {
      const count = tf.util.sizeFromShape([...shape]), { devices } = backend;
      const { blocks, within } = partOfMask(count, devices);
      const kept = keptBitsOf(keyOf(key), { count, devices, threshold: maskThreshold(rate), counter });
      const each = [blocks, HALVES];
      const repeated = broadcastInDim(reshape(kept, [blocks]), each, [0]);
      const shifted = binary("shift_right_logical", repeated, iota("ui32", each, 1));
      const alone = binary("and", shifted, splat(1, "ui32", each));
      const elements = compare("NE", alone, splat(0, "ui32", each));
      const part = within ? sliceFrom(reshape(elements, [elements.size]), within, count) : firstOf(elements, count);
      return tensorOf(reshape(part, shape));
    },
  };
}

const firstOf = (x: LazyNode, count: number): LazyNode => slice(reshape(x, [x.size]), { begin: [0], end: [count] });

/** What is drawn for a mask, whatever its counter. */
interface MaskDraw {
  /** Elements of a device. */
  readonly count: number;
  readonly devices: number;
  readonly threshold: number;
}

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

/**
 * `[counters, blocks]`, eight elements of a mask a number: one bit per 16-bit half of a block, lower halves first, set if the
 * half is at least the threshold.
 */
function keptBits(key: LazyNode, counters: readonly number[], { count, devices, threshold }: MaskDraw): LazyNode {
  const { blocks, firstBlock } = partOfMask(count, devices);
  const words = philox(key, { places: counters, blocks, from: firstBlock });
  const { shape } = words[0]!;
  const constant = (value: number) => splat(value, "ui32", shape);
  const limit = broadcastTo(numbers([threshold]), shape);
  const halves = words.flatMap((word) => [
    binary("and", word, constant(2 ** HALF_BITS - 1)),
    binary("shift_right_logical", word, constant(HALF_BITS)),
  ]);
  return halves
    .map((half, index) => binary("shift_left", convert(compare("GE", half, limit), "ui32"), constant(index)))
    .reduce((all, bit) => binary("or", all, bit));
}

/** Masks that a function draws together. How many is known when the function is written as a program. */
class MaskGroup {
  readonly #counters: number[] = [];
  readonly #whole: LazyNode;
  readonly #blocks: number;

  constructor(key: LazyNode, draw: MaskDraw) {
    const { blocks } = partOfMask(draw.count, draw.devices);
    this.#blocks = blocks;
    const shape: number[] = [0, blocks];
    this.#whole = new LazyNode({
      type: "ui32",
      shape,
      operands: [key],
      emit: ([operand], name) => {
        shape[0] = this.#counters.length;
        const bits = barrier(keptBits(key, this.#counters, draw));
        return statementsText(bits, { name, operands: new Map([[key, operand!]]) });
      },
    });
  }

  /** The bits of the mask with a counter, `[1, blocks]`. */
  row(counter: number): LazyNode {
    const known = this.#counters.indexOf(counter);
    const index = known < 0 ? this.#counters.push(counter) - 1 : known;
    const shape = [1, this.#blocks];
    return new LazyNode({
      type: "ui32",
      shape,
      operands: [this.#whole],
      emit: ([whole], name) =>
        `${name} = stablehlo.slice ${whole} [${index}:${index + 1}:1, 0:${this.#blocks}:1] : ` +
        `(${typeText(this.#whole)}) -> ${typeText({ type: "ui32", shape })}`,
    });
  }
}
