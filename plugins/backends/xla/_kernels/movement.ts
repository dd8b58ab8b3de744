/**
 * Kernels that move elements and compute nothing.
 *
 * @module
 */
import { tf } from "@opf/framework";
import type { KernelDefinition, Kernels } from "./kernel.ts";
import type { LazyNode } from "../_stablehlo/node.ts";
import { splat } from "../_stablehlo/elementwise.ts";
import {
  broadcastInDim,
  broadcastTo,
  concatenate,
  pad,
  reshape,
  reverse,
  slice,
  transpose,
} from "../_stablehlo/movement.ts";

const axisOf = (axis: unknown, { shape }: LazyNode): number => tf.util.parseAxisParam(axis as number, [...shape])[0]!;

/** Parts of these extents, one after another along an axis. */
function split(x: LazyNode, axis: number, sizes: readonly number[]): LazyNode[] {
  let from = 0;
  return sizes.map((size) => {
    const begin = x.shape.map((_, index) => index === axis ? from : 0);
    const end = x.shape.map((extent, index) => index === axis ? from + size : extent);
    from += size;
    return slice(x, { begin, end });
  });
}

const sliceKernel: KernelDefinition = ({ x }, attributes) => {
  const [begin, size] = tf.slice_util.parseSliceParams(
    x as unknown as tf.TensorInfo,
    attributes.begin as number[],
    attributes.size as number[],
  ) as [number[], number[]];
  return slice(x!, { begin, end: begin.map((from, axis) => from + size[axis]!) });
};

const stridedSlice: KernelDefinition = ({ x }, attributes) => {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } =
    attributes as unknown as
      & Record<"begin" | "end" | "strides", number[]>
      & Record<"beginMask" | "endMask" | "ellipsisMask" | "newAxisMask" | "shrinkAxisMask", number>;
  const info = tf.slice_util.sliceInfo(
    [...x!.shape],
    begin,
    end,
    strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  );
  const backward = info.strides.flatMap((stride, axis) => stride < 0 ? [axis] : []);
  const turned = backward.length > 0 ? reverse(x!, backward) : x!;
  const from = info.begin.map((place, axis) => info.strides[axis]! < 0 ? x!.shape[axis]! - 1 - place : place);
  const to = info.end.map((place, axis) => info.strides[axis]! < 0 ? x!.shape[axis]! - 1 - place : place);
  const taken = slice(turned, { begin: from, end: to, strides: info.strides.map(Math.abs) });
  return reshape(taken, info.finalShape);
};

const concatKernel: KernelDefinition = (inputs, { axis }) => {
  const parts = Object.values(inputs);
  const along = axisOf(axis, parts[0]!);
  const filled = parts.filter(({ size }) => size > 0);
  return filled.length === 0 ? concatenate(parts, along) : concatenate(filled, along);
};

const pack: KernelDefinition = (inputs, { axis }) => {
  const parts = Object.values(inputs);
  const shape = [...parts[0]!.shape];
  const along = (axis as number) < 0 ? (axis as number) + shape.length + 1 : axis as number;
  const expanded = [...shape.slice(0, along), 1, ...shape.slice(along)];
  return concatenate(parts.map((part) => reshape(part, expanded)), along);
};

const unpack: KernelDefinition = ({ value }, attributes) => {
  const axis = axisOf(attributes.axis, value!);
  const shape = value!.shape.filter((_, index) => index !== axis);
  return split(value!, axis, Array<number>(value!.shape[axis]!).fill(1)).map((part) => reshape(part, shape));
};

const tile: KernelDefinition = ({ x }, attributes) => {
  const reps = attributes.reps as number[];
  const pairs = x!.shape.flatMap((extent, axis) => [reps[axis]!, extent]);
  const repeated = broadcastInDim(x!, pairs, x!.shape.map((_, axis) => 2 * axis + 1));
  return reshape(repeated, x!.shape.map((extent, axis) => extent * reps[axis]!));
};

const padKernel: KernelDefinition = ({ x }, { paddings, constantValue }) => {
  const pairs = paddings as unknown as [number, number][];
  return pad(x!, splat(constantValue as number, x!.type), {
    before: pairs.map(([before]) => before),
    after: pairs.map(([, after]) => after),
  });
};

/** Kernels that change where elements stand. */
export const MOVEMENT: Kernels = {
  [tf.Transpose]: ({ x }, { perm }) => transpose(x!, perm as number[]),
  [tf.Slice]: sliceKernel,
  [tf.StridedSlice]: stridedSlice,
  [tf.Concat]: concatKernel,
  [tf.Pack]: pack,
  [tf.Unpack]: unpack,
  [tf.SplitV]: ({ x }, { numOrSizeSplits, axis }) => {
    const along = axisOf(axis, x!);
    const sizes = tf.backend_util.prepareSplitSize(
      x as unknown as tf.Tensor,
      numOrSizeSplits as number | number[],
      along,
    );
    return split(x!, along, sizes);
  },
  [tf.PadV2]: padKernel,
  [tf.Tile]: tile,
  [tf.BroadcastTo]: ({ x }, { shape }) => broadcastTo(x!, shape as number[]),
  [tf.Reverse]: ({ x }, { dims }) => reverse(x!, tf.util.parseAxisParam(dims as number | number[], [...x!.shape])),
};
