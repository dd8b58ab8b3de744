/**
 * StableHLO's operations on lazy values: each function makes one statement of a program.
 *
 * @module
 */
import type { Precision } from "@opf/framework";
import type { ElementType } from "./_buffer.ts";
import { LazyNode } from "./_node.ts";

/** `tensor<2x3xf32>`. */
export const typeText = ({ type, shape }: { readonly type: ElementType; readonly shape: readonly number[] }): string =>
  `tensor<${shape.map((extent) => `${extent}x`).join("")}${type}>`;

/** A number as a literal, to its last bit. */
export function literal(value: number, type: ElementType): string {
  if (type === "i1") return value ? "true" : "false";
  if (type === "f32") {
    const bits = new Uint32Array(Float32Array.of(value).buffer)[0]!;
    return `0x${bits.toString(16).padStart(8, "0").toUpperCase()}`;
  }
  return type === "i32" ? `${value | 0}` : `${value}`;
}

/** A tensor whose elements all have one value, which is part of the program. */
export const splat = (value: number, type: ElementType, shape: readonly number[] = []): LazyNode =>
  new LazyNode({
    type,
    shape,
    splat: value,
    emit: (_, name) => `${name} = stablehlo.constant dense<${literal(value, type)}> : ${typeText({ type, shape })}`,
  });

/** The integers 0, 1, … along an axis. */
export const iota = (type: ElementType, shape: readonly number[], axis = 0): LazyNode =>
  new LazyNode({
    type,
    shape,
    emit: (_, name) => `${name} = stablehlo.iota dim = ${axis} : ${typeText({ type, shape })}`,
  });

/** An operation of one operand that keeps the shape: `exponential`, `not`. */
export const unary = (op: string, x: LazyNode): LazyNode =>
  new LazyNode({
    type: x.type,
    shape: x.shape,
    operands: [x],
    emit: ([a], name) => `${name} = stablehlo.${op} ${a} : ${typeText(x)}`,
  });

/** The error function. */
export const erf = (x: LazyNode): LazyNode =>
  new LazyNode({
    type: x.type,
    shape: x.shape,
    operands: [x],
    emit: ([a], name) => `${name} = chlo.erf ${a} : ${typeText(x)} -> ${typeText(x)}`,
  });

/** An operation of two operands of one type and shape: `add`, `xor`. */
export const binary = (op: string, x: LazyNode, y: LazyNode): LazyNode =>
  new LazyNode({
    type: x.type,
    shape: x.shape,
    operands: [x, y],
    emit: ([a, b], name) => `${name} = stablehlo.${op} ${a}, ${b} : ${typeText(x)}`,
  });

/** A comparison of two operands of one type and shape. @param direction `EQ`, `NE`, `GE`, `GT`, `LE`, `LT` */
export function compare(direction: string, x: LazyNode, y: LazyNode): LazyNode {
  const { shape } = x;
  const kind = x.type === "f32" ? "FLOAT" : x.type === "i32" ? "SIGNED" : "UNSIGNED";
  return new LazyNode({
    type: "i1",
    shape,
    operands: [x, y],
    emit: ([a, b], name) =>
      `${name} = stablehlo.compare ${direction}, ${a}, ${b}, ${kind} : ` +
      `(${typeText(x)}, ${typeText(y)}) -> ${typeText({ type: "i1", shape })}`,
  });
}

/** Elements of `x` where the condition holds, of `y` where it does not; one shape. */
export const select = (condition: LazyNode, x: LazyNode, y: LazyNode): LazyNode =>
  new LazyNode({
    type: x.type,
    shape: x.shape,
    operands: [condition, x, y],
    emit: ([c, a, b], name) => `${name} = stablehlo.select ${c}, ${a}, ${b} : ${typeText(condition)}, ${typeText(x)}`,
  });

/** Elements in another type. */
export const convert = (x: LazyNode, type: ElementType): LazyNode =>
  x.type === type ? x : changed("convert", x, { type, shape: x.shape });

/** Bits read as another type of the same size. */
export const bitcast = (x: LazyNode, type: ElementType): LazyNode =>
  x.type === type ? x : changed("bitcast_convert", x, { type, shape: x.shape });

/** The same elements in another shape. */
export const reshape = (x: LazyNode, shape: readonly number[]): LazyNode =>
  sameShape(x.shape, shape) ? x : changed("reshape", x, { type: x.type, shape });

const changed = (op: string, x: LazyNode, to: { readonly type: ElementType; readonly shape: readonly number[] }) =>
  new LazyNode({
    ...to,
    operands: [x],
    emit: ([a], name) => `${name} = stablehlo.${op} ${a} : (${typeText(x)}) -> ${typeText(to)}`,
  });

/** Axis `i` of the operand becomes axis `axes[i]`; what is not named, or was of extent 1, is repeated. */
export function broadcastInDim(x: LazyNode, shape: readonly number[], axes: readonly number[]): LazyNode {
  const { type } = x;
  return new LazyNode({
    type,
    shape,
    operands: [x],
    emit: ([a], name) =>
      `${name} = stablehlo.broadcast_in_dim ${a}, dims = [${axes.join(", ")}] : ` +
      `(${typeText(x)}) -> ${typeText({ type, shape })}`,
  });
}

/** Broadcasting as in NumPy: axes are matched from the last. */
export function broadcastTo(x: LazyNode, shape: readonly number[]): LazyNode {
  if (sameShape(x.shape, shape)) return x;
  if (x.splat !== undefined) return splat(x.splat, x.type, shape);
  return broadcastInDim(x, shape, x.shape.map((_, axis) => axis + shape.length - x.shape.length));
}

/** Axis `i` of the result is axis `permutation[i]` of the operand. */
export function transpose(x: LazyNode, permutation: readonly number[]): LazyNode {
  if (permutation.every((axis, index) => axis === index)) return x;
  const { type } = x, shape = permutation.map((axis) => x.shape[axis]!);
  return new LazyNode({
    type,
    shape,
    operands: [x],
    emit: ([a], name) =>
      `${name} = stablehlo.transpose ${a}, dims = [${permutation.join(", ")}] : ` +
      `(${typeText(x)}) -> ${typeText({ type, shape })}`,
  });
}

/** Elements `begin, begin + stride, …` before `end` of each axis. */
export function slice(
  x: LazyNode,
  { begin, end, strides = begin.map(() => 1) }: {
    readonly begin: readonly number[];
    readonly end: readonly number[];
    readonly strides?: readonly number[];
  },
): LazyNode {
  const { type } = x;
  const shape = begin.map((from, axis) => Math.max(0, Math.ceil((end[axis]! - from) / strides[axis]!)));
  if (sameShape(shape, x.shape)) return x;
  const ranges = begin.map((from, axis) => `${from}:${end[axis]}:${strides[axis]}`);
  return new LazyNode({
    type,
    shape,
    operands: [x],
    emit: ([a], name) =>
      `${name} = stablehlo.slice ${a} [${ranges.join(", ")}] : (${typeText(x)}) -> ${typeText({ type, shape })}`,
  });
}

/** The operand with a scalar's value before and after it on each axis. */
export function pad(x: LazyNode, value: LazyNode, { before, after }: {
  readonly before: readonly number[];
  readonly after: readonly number[];
}): LazyNode {
  const { type } = x, shape = x.shape.map((extent, axis) => extent + before[axis]! + after[axis]!);
  const interior = before.map(() => 0);
  return new LazyNode({
    type,
    shape,
    operands: [x, value],
    emit: ([a, b], name) =>
      `${name} = stablehlo.pad ${a}, ${b}, low = [${before.join(", ")}], high = [${after.join(", ")}], ` +
      `interior = [${interior.join(", ")}] : (${typeText(x)}, ${typeText(value)}) -> ${typeText({ type, shape })}`,
  });
}

/** Tensors one after another along an axis. */
export function concatenate(parts: readonly LazyNode[], axis: number): LazyNode {
  if (parts.length === 1) return parts[0]!;
  const { type } = parts[0]!;
  const shape = [...parts[0]!.shape];
  shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
  return new LazyNode({
    type,
    shape,
    operands: parts,
    emit: (names, name) =>
      `${name} = stablehlo.concatenate ${names.join(", ")}, dim = ${axis} : ` +
      `(${parts.map(typeText).join(", ")}) -> ${typeText({ type, shape })}`,
  });
}

/** The elements in opposite order along axes. */
export const reverse = (x: LazyNode, axes: readonly number[]): LazyNode =>
  new LazyNode({
    type: x.type,
    shape: x.shape,
    operands: [x],
    emit: ([a], name) => `${name} = stablehlo.reverse ${a}, dims = [${axes.join(", ")}] : ${typeText(x)}`,
  });

/** A reduction over axes, which disappear. @param op `add`, `maximum`, … @param initial what it begins with */
export function reduce(op: string, x: LazyNode, { axes, initial }: {
  readonly axes: readonly number[];
  readonly initial: number;
}): LazyNode {
  if (axes.length === 0) return x;
  const { type } = x, shape = x.shape.filter((_, axis) => !axes.includes(axis));
  const start = splat(initial, type);
  return new LazyNode({
    type,
    shape,
    operands: [x, start],
    emit: ([a, b], name) =>
      `${name} = stablehlo.reduce(${a} init: ${b}) applies stablehlo.${op} across dimensions = [${
        axes.join(", ")
      }] : ` +
      `(${typeText(x)}, ${typeText(start)}) -> ${typeText({ type, shape })}`,
  });
}

/** Reductions of windows: element `i` is that of the elements up to `i` along an axis. */
export function cumulative(op: string, x: LazyNode, { axis, initial }: {
  readonly axis: number;
  readonly initial: number;
}): LazyNode {
  const { type, shape } = x;
  const scalar = typeText({ type, shape: [] });
  const start = splat(initial, type);
  const ones = shape.map(() => 1), extent = shape[axis]!;
  const window = ones.map((one, index) => index === axis ? extent : one);
  const padding = shape.map((_, index) => index === axis ? `[${extent - 1}, 0]` : "[0, 0]");
  return new LazyNode({
    type,
    shape,
    operands: [x, start],
    emit: ([a, b], name) =>
      `${name} = "stablehlo.reduce_window"(${a}, ${b}) <{window_dimensions = array<i64: ${window.join(", ")}>, ` +
      `padding = dense<[${padding.join(", ")}]> : tensor<${shape.length}x2xi64>}> ({\n` +
      `  ^bb0(%x: ${scalar}, %y: ${scalar}):\n    %z = stablehlo.${op} %x, %y : ${scalar}\n` +
      `    stablehlo.return %z : ${scalar}\n}) : (${typeText(x)}, ${scalar}) -> ${typeText(x)}`,
  });
}

/** How two operands are multiplied: batching axes and contracting axes. */
export interface DotAxes {
  readonly batch?: readonly [x: readonly number[], y: readonly number[]];
  readonly contract: readonly [x: readonly number[], y: readonly number[]];
}

/** The product of two operands: axes that go along, then those left of `x`, then those left of `y`. */
export function dot(
  x: LazyNode,
  y: LazyNode,
  { batch = [[], []], contract, precision = "float32" }: DotAxes & { readonly precision?: Precision },
): LazyNode {
  const shape = [
    ...batch[0].map((axis) => x.shape[axis]!),
    ...x.shape.filter((_, axis) => !batch[0].includes(axis) && !contract[0].includes(axis)),
    ...y.shape.filter((_, axis) => !batch[1].includes(axis) && !contract[1].includes(axis)),
  ];
  const isFloat = x.type === "f32";
  const [left, right] = isFloat && precision === "bfloat16" ? [convert(x, "bf16"), convert(y, "bf16")] : [x, y];
  const list = (axes: readonly (readonly number[])[]) => axes.map((own) => `[${own.join(", ")}]`).join(" x ");
  const batching = batch[0].length > 0 ? `batching_dims = ${list(batch)}, ` : "";
  const how = isFloat && precision === "float32" ? "HIGHEST" : "DEFAULT";
  return new LazyNode({
    type: x.type,
    shape,
    operands: [left, right],
    emit: ([a, b], name) =>
      `${name} = stablehlo.dot_general ${a}, ${b}, ${batching}contracting_dims = ${list(contract)}, ` +
      `precision = [${how}, ${how}] : (${typeText(left)}, ${typeText(right)}) -> ${typeText({ type: x.type, shape })}`,
  });
}

/**
 * Slices of one element along `axis`, at the places that `indices` names; the first `batch` axes go along. The result has
 * the shape of `x` with that of the indices (but for the batch) in place of the axis.
 */
export function gather(x: LazyNode, indices: LazyNode, { axis, batch = 0 }: {
  readonly axis: number;
  readonly batch?: number;
}): LazyNode {
  const { type } = x, own = indices.shape.slice(batch);
  const shape = [...x.shape.slice(0, axis), ...own, ...x.shape.slice(axis + 1)];
  const offsets = shape.map((_, index) => index)
    .filter((index) => index >= batch && index < axis || index >= axis + own.length);
  const sizes = x.shape.map((extent, index) => index < batch || index === axis ? 1 : extent);
  const batches = Array.from({ length: batch }, (_, index) => index);
  return new LazyNode({
    type,
    shape,
    operands: [x, indices],
    emit: ([a, b], name) =>
      `${name} = "stablehlo.gather"(${a}, ${b}) <{dimension_numbers = #stablehlo.gather<` +
      `offset_dims = [${offsets.join(", ")}], collapsed_slice_dims = [${axis}], ` +
      `operand_batching_dims = [${batches.join(", ")}], start_indices_batching_dims = [${batches.join(", ")}], ` +
      `start_index_map = [${axis}], index_vector_dim = ${indices.shape.length}>, ` +
      `slice_sizes = array<i64: ${sizes.join(", ")}>, indices_are_sorted = false}> : ` +
      `(${typeText(x)}, ${typeText(indices)}) -> ${typeText({ type, shape })}`,
  });
}

/**
 * `into` with slices of its last axes put in, or added, at places: the last axis of `indices` counts the first axes of `into`.
 * Places that are not there are left out.
 */
export function scatter(
  into: LazyNode,
  { indices, updates, add }: { readonly indices: LazyNode; readonly updates: LazyNode; readonly add: boolean },
): LazyNode {
  const { type, shape } = into;
  const depth = indices.shape.at(-1)!, vector = indices.shape.length - 1;
  const places = Array.from({ length: depth }, (_, axis) => axis).join(", ");
  const windows = updates.shape.map((_, axis) => axis).slice(vector).join(", ");
  const scalar = typeText({ type, shape: [] });
  const body = add
    ? `%z = stablehlo.${type === "i1" ? "or" : "add"} %x, %y : ${scalar}\n    stablehlo.return %z : ${scalar}`
    : `stablehlo.return %y : ${scalar}`;
  return new LazyNode({
    type,
    shape,
    operands: [into, indices, updates],
    emit: ([a, b, c], name) =>
      `${name} = "stablehlo.scatter"(${a}, ${b}, ${c}) <{scatter_dimension_numbers = #stablehlo.scatter<` +
      `update_window_dims = [${windows}], inserted_window_dims = [${places}], ` +
      `scatter_dims_to_operand_dims = [${places}], index_vector_dim = ${vector}>, ` +
      `indices_are_sorted = false, unique_indices = false}> ({\n  ^bb0(%x: ${scalar}, %y: ${scalar}):\n    ${body}\n}) : ` +
      `(${typeText(into)}, ${typeText(indices)}, ${typeText(updates)}) -> ${typeText(into)}`,
  });
}

/** Values in descending order along the last axis, and the places where they stood; of equal ones the first comes first. */
export function sortDescending(x: LazyNode): { values: LazyNode; indices: LazyNode } {
  const axis = x.shape.length - 1;
  const places = iota("i32", x.shape, axis);
  const [own, index] = [x, places].map(({ type }) => typeText({ type, shape: [] }));
  const kind = x.type === "f32" ? "FLOAT" : "SIGNED";
  const types = `${typeText(x)}, ${typeText(places)}`;
  const half = (type: ElementType, result: string) =>
    new LazyNode({
      type,
      shape: x.shape,
      result,
      operands: [x, places],
      emit: ([a, b], name) =>
        `${name}:2 = "stablehlo.sort"(${a}, ${b}) <{dimension = ${axis} : i64, is_stable = true}> ({\n` +
        `  ^bb0(%x: ${own}, %y: ${own}, %i: ${index}, %j: ${index}):\n` +
        `    %z = stablehlo.compare GT, %x, %y, ${kind} : (${own}, ${own}) -> tensor<i1>\n` +
        `    stablehlo.return %z : tensor<i1>\n}) : (${types}) -> (${types})`,
    });
  return { values: half(x.type, "#0"), indices: half("i32", "#1") };
}

/** The sum of the devices' values, on each of them. */
export function sumOverDevices(x: LazyNode, devices: number): LazyNode {
  const scalar = typeText({ type: x.type, shape: [] });
  return new LazyNode({
    type: x.type,
    shape: x.shape,
    operands: [x],
    isTraced: true,
    emit: ([a], name) =>
      `${name} = "stablehlo.all_reduce"(${a}) <{${groupOf(devices)}}> ({\n  ^bb0(%x: ${scalar}, %y: ${scalar}):\n` +
      `    %z = stablehlo.add %x, %y : ${scalar}\n    stablehlo.return %z : ${scalar}\n}) : ` +
      `(${typeText(x)}) -> ${typeText(x)}`,
  });
}

/** The devices' values one after another along the first axis, on each of them. */
export function gatherFromDevices(x: LazyNode, devices: number): LazyNode {
  const { type } = x, shape = [x.shape[0]! * devices, ...x.shape.slice(1)];
  return new LazyNode({
    type,
    shape,
    operands: [x],
    isTraced: true,
    emit: ([a], name) =>
      `${name} = "stablehlo.all_gather"(${a}) <{all_gather_dim = 0 : i64, ${groupOf(devices)}}> : ` +
      `(${typeText(x)}) -> ${typeText({ type, shape })}`,
  });
}

// All devices are one group.
const groupOf = (devices: number): string =>
  `replica_groups = dense<[[${Array.from({ length: devices }, (_, index) => index).join(", ")}]]> : ` +
  `tensor<1x${devices}xi64>`;

/** The index of the device that computes: ui32, a scalar. */
export const deviceIndex = (): LazyNode =>
  new LazyNode({
    type: "ui32",
    shape: [],
    isTraced: true,
    emit: (_, name) => `${name} = stablehlo.replica_id : tensor<ui32>`,
  });

/** `length` elements of a vector from a place that is computed, a scalar. */
export const sliceFrom = (x: LazyNode, start: LazyNode, length: number): LazyNode =>
  new LazyNode({
    type: x.type,
    shape: [length],
    operands: [x, start],
    emit: ([a, b], name) =>
      `${name} = stablehlo.dynamic_slice ${a}, ${b}, sizes = [${length}] : ` +
      `(${typeText(x)}, ${typeText(start)}) -> ${typeText({ type: x.type, shape: [length] })}`,
  });

/** The operand, computed as a whole before anything that follows: nothing is computed twice to save memory. */
export const barrier = (x: LazyNode): LazyNode =>
  new LazyNode({
    type: x.type,
    shape: x.shape,
    operands: [x],
    emit: ([a], name) => `${name} = stablehlo.optimization_barrier ${a} : ${typeText(x)}`,
  });

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((extent, axis) => extent === b[axis]);
