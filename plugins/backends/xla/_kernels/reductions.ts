/**
 * Kernels that reduce axes, or accumulate along them.
 *
 * @module
 */
import { tf } from "@opf/framework";
import type { KernelDefinition, Kernels } from "./kernel.ts";
import type { LazyNode } from "../_stablehlo/node.ts";
import { binary, compare, convert, iota, select, splat, unary } from "../_stablehlo/elementwise.ts";
import { sortDescending } from "../_stablehlo/indexing.ts";
import { broadcastInDim, pad, reshape, reverse, slice } from "../_stablehlo/movement.ts";
import { isNaN } from "./elementwise.ts";
import { cumulative, reduce } from "../_stablehlo/reductions.ts";

const LARGEST_INT = 2 ** 31 - 1;

/** The smallest and the largest number of a type, which maxima and minima begin with. */
const lowest = ({ type }: LazyNode) => type === "f32" ? -Infinity : type === "i32" ? -LARGEST_INT - 1 : 0;
const highest = ({ type }: LazyNode) => type === "f32" ? Infinity : type === "i32" ? LARGEST_INT : 1;

const axesOf = (axis: unknown, { shape }: LazyNode): number[] =>
  tf.util.parseAxisParam((axis ?? shape.map((_, index) => index)) as number | number[], [...shape]);

// The axes come back with extent 1 where they are kept.
const withAxes = (reduced: LazyNode, x: LazyNode, { axes, keepDims }: { axes: number[]; keepDims: unknown }) =>
  keepDims ? reshape(reduced, x.shape.map((extent, axis) => axes.includes(axis) ? 1 : extent)) : reduced;

const reducing = (op: string, initial: (x: LazyNode) => number): KernelDefinition => ({ x }, attributes) => {
  const axes = axesOf(attributes.axis ?? attributes.reductionIndices, x!);
  return withAxes(reduce(op, x!, { axes, initial: initial(x!) }), x!, { axes, keepDims: attributes.keepDims });
};

/** Repeats what a reduction gave along the axis that it took away. */
const along = (reduced: LazyNode, { shape }: LazyNode, axis: number): LazyNode =>
  broadcastInDim(reduced, shape, shape.map((_, index) => index).filter((index) => index !== axis));

// The first place of the largest, or smallest, element; what is no number counts as the opposite.
const firstPlace = (op: "maximum" | "minimum"): KernelDefinition => ({ x }, attributes) => {
  const [axis] = axesOf(attributes.axis, x!) as [number];
  const initial = op === "maximum" ? lowest(x!) : highest(x!);
  const numbers = x!.type === "f32" ? select(isNaN(x!), splat(initial, "f32", x!.shape), x!) : x!;
  const best = reduce(op, numbers, { axes: [axis], initial });
  const places = iota("i32", x!.shape, axis);
  const nowhere = splat(x!.shape[axis]!, "i32", x!.shape);
  const candidates = select(compare("EQ", numbers, along(best, x!, axis)), places, nowhere);
  return reduce("minimum", candidates, { axes: [axis], initial: LARGEST_INT });
};

const mean: KernelDefinition = ({ x }, { axis, keepDims }) => {
  const axes = axesOf(axis, x!);
  const count = axes.reduce((product, axis) => product * x!.shape[axis]!, 1);
  const sum = reduce("add", convert(x!, "f32"), { axes, initial: 0 });
  return withAxes(binary("divide", sum, splat(count, "f32", sum.shape)), x!, { axes, keepDims });
};

const accumulating = (op: string, initial: number): KernelDefinition => ({ x }, attributes) => {
  const [axis] = axesOf(attributes.axis, x!) as [number];
  const { exclusive, reverse: isReverse } = attributes;
  let value = isReverse ? reverse(x!, [axis]) : x!;
  if (exclusive) value = shifted(value, axis, initial);
  value = cumulative(op, value, { axis, initial });
  return isReverse ? reverse(value, [axis]) : value;
};

// Each element one place later, the first one gone to `initial`.
function shifted(x: LazyNode, axis: number, initial: number): LazyNode {
  const zeros = x.shape.map(() => 0);
  const end = x.shape.map((extent, index) => index === axis ? extent - 1 : extent);
  const before = zeros.map((zero, index) => index === axis ? 1 : zero);
  return pad(slice(x, { begin: zeros, end }), splat(initial, x.type), { before, after: zeros });
}

/** eˣ over its sum, or the logarithm of that, along an axis. */
function softmax(x: LazyNode, axis: number, { isLog = false } = {}): LazyNode {
  const largest = reduce("maximum", x, { axes: [axis], initial: -Infinity });
  const centered = binary("subtract", x, along(largest, x, axis));
  const exponentials = unary("exponential", centered);
  const sum = reduce("add", exponentials, { axes: [axis], initial: 0 });
  return isLog
    ? binary("subtract", centered, along(unary("log", sum), x, axis))
    : binary("divide", exponentials, along(sum, x, axis));
}

const topK: KernelDefinition = ({ x }, { k }) => {
  const begin = x!.shape.map(() => 0);
  const end = x!.shape.map((extent, axis) => axis === x!.shape.length - 1 ? k as number : extent);
  const { values, indices } = sortDescending(x!);
  return [slice(values, { begin, end }), slice(indices, { begin, end })];
};

/** Sums, extremes, places, and what is made of them. */
export const REDUCTIONS: Kernels = {
  [tf.Sum]: reducing("add", () => 0),
  [tf.Prod]: reducing("multiply", () => 1),
  [tf.Max]: reducing("maximum", lowest),
  [tf.Min]: reducing("minimum", highest),
  [tf.All]: reducing("and", () => 1),
  [tf.Any]: reducing("or", () => 0),
  [tf.Mean]: mean,
  [tf.ArgMax]: firstPlace("maximum"),
  [tf.ArgMin]: firstPlace("minimum"),
  [tf.Cumsum]: accumulating("add", 0),
  [tf.Cumprod]: accumulating("multiply", 1),
  [tf.Softmax]: ({ logits }, { dim }) => softmax(logits!, axesOf(dim, logits!)[0]!),
  [tf.LogSoftmax]: ({ logits }, { axis }) => softmax(logits!, axesOf(axis, logits!)[0]!, { isLog: true }),
  [tf.TopK]: topK,
};
