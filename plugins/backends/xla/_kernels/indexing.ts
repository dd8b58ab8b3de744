/**
 * Kernels that read or write where indices point.
 *
 * @module
 */
import { tf } from "@opf/framework";
import { cast } from "./elementwise.ts";
import type { KernelDefinition, Kernels } from "./kernel.ts";
import type { LazyNode } from "../_stablehlo/node.ts";
import { binary, compare, iota, select, splat } from "../_stablehlo/elementwise.ts";
import { gather, scatter } from "../_stablehlo/indexing.ts";
import { broadcastInDim, broadcastTo, reshape, slice } from "../_stablehlo/movement.ts";
import { check } from "../_stablehlo/text.ts";
import { elementType } from "../_stablehlo/types.ts";

// Indices can be checked where they are known on the host: row by row, one for each extent.
function checkIndices(kernelName: string, { values }: LazyNode, extents: readonly number[]): void {
  values?.forEach((index, at) => {
    const extent = extents[at % extents.length]!;
    if (index < 0 || index >= extent) {
      throw new RangeError(`${kernelName}: the index ${index} is not in [0, ${extent}).`);
    }
  });
}

// On the device, an index that is not there is taken for the nearest.
const gatherKernel: KernelDefinition = ({ x, indices }, attributes) => {
  const axis = tf.util.parseAxisParam(attributes.axis as number, [...x!.shape])[0]!;
  checkIndices(tf.GatherV2, indices!, [x!.shape[axis]!]);
  return gather(x!, indices!, { axis, batch: attributes.batchDims as number });
};

// Rows named by the last axis of indices, which counts the first axes of the tensor.
const gatherNd: KernelDefinition = ({ params, indices }) => {
  const depth = indices!.shape.at(-1)!, outer = indices!.shape.slice(0, -1);
  check(depth <= params!.shape.length, `expected at most ${params!.shape.length} indices for each row, got ${depth}`);
  const [indexed, rest] = [params!.shape.slice(0, depth), params!.shape.slice(depth)];
  checkIndices(tf.GatherNd, indices!, indexed);
  const rows = reshape(params!, [tf.util.sizeFromShape(indexed), ...rest]);
  const strides = tf.util.computeStrides([...indexed, 1]);
  const parts = strides.map((stride, axis) => {
    const begin = indices!.shape.map((_, index) => index === outer.length ? axis : 0);
    const end = indices!.shape.map((extent, index) => index === outer.length ? axis + 1 : extent);
    const place = reshape(slice(indices!, { begin, end }), outer);
    return binary("multiply", place, splat(stride, "i32", outer));
  });
  return gather(rows, parts.reduce((sum, part) => binary("add", sum, part)), { axis: 0 });
};

const segmentSum: KernelDefinition = ({ x, segmentIds }, { numSegments }) => {
  const inner = x!.shape.slice(segmentIds!.shape.length);
  const zeros = splat(0, x!.type, [numSegments as number, ...inner]);
  const indices = reshape(segmentIds!, [...segmentIds!.shape, 1]);
  return scatter(zeros, { indices, updates: x!, add: true });
};

const scatterNd: KernelDefinition = ({ indices, updates }, attributes) => {
  const shape = attributes.shape as number[];
  checkIndices(tf.ScatterNd, indices!, shape.slice(0, indices!.shape.at(-1)));
  return scatter(splat(0, updates!.type, shape), { indices: indices!, updates: updates!, add: true });
};

const tensorScatterUpdate: KernelDefinition = ({ tensor, indices, updates }) => {
  checkIndices(tf.TensorScatterUpdate, indices!, tensor!.shape.slice(0, indices!.shape.at(-1)));
  return scatter(tensor!, { indices: indices!, updates: updates!, add: false });
};

// Each row of indices is the place of a value, or all values are one.
const sparseToDense: KernelDefinition = ({ sparseIndices, sparseValues, defaultValue }, { outputShape }) => {
  const shape = outputShape as number[], count = sparseIndices!.shape[0] ?? 1;
  const indices = reshape(sparseIndices!, [count, shape.length]);
  checkIndices(tf.SparseToDense, indices, shape);
  const updates = broadcastTo(sparseValues!, [count]);
  return scatter(broadcastInDim(defaultValue!, shape, []), { indices, updates, add: false });
};

// How often, or with what weights, each integer occurs; those that are too large are left out.
const bincount: KernelDefinition = ({ x, weights }, { size }) => {
  const { type } = weights!, count = x!.size;
  const updates = weights!.size === 0 ? splat(1, type, [count]) : reshape(weights!, [count]);
  const negative = x!.values?.find((value) => value < 0);
  if (negative !== undefined) throw new RangeError(`Bincount: expected no negative integers, got ${negative}.`);
  return scatter(splat(0, type, [size as number]), { indices: reshape(x!, [count, 1]), updates, add: true });
};

const oneHot: KernelDefinition = ({ indices }, { depth, onValue, offValue, dtype }) => {
  const shape = [...indices!.shape, depth as number];
  const places = iota("i32", shape, shape.length - 1);
  const given = broadcastInDim(indices!, shape, indices!.shape.map((_, axis) => axis));
  const isHot = compare("EQ", given, places);
  const value = (number: unknown) => splat(number as number, "f32", shape);
  return cast(select(isHot, value(onValue), value(offValue)), elementType(dtype as string));
};

const diagonal: KernelDefinition = ({ x }) => {
  const { size, type } = x!;
  const square = [size, size];
  const isDiagonal = compare("EQ", iota("i32", square, 0), iota("i32", square, 1));
  const rows = broadcastInDim(reshape(x!, [size]), square, [0]);
  return reshape(select(isDiagonal, rows, splat(0, type, square)), [...x!.shape, ...x!.shape]);
};

/** Kernels that gather, scatter, and make tensors of indices. */
export const INDEXING: Kernels = {
  [tf.GatherV2]: gatherKernel,
  [tf.GatherNd]: gatherNd,
  [tf.UnsortedSegmentSum]: segmentSum,
  [tf.ScatterNd]: scatterNd,
  [tf.TensorScatterUpdate]: tensorScatterUpdate,
  [tf.SparseToDense]: sparseToDense,
  [tf.Bincount]: bincount,
  [tf.OneHot]: oneHot,
  [tf.Diag]: diagonal,
};
