/**
 * StableHLO's operations that move elements and compute nothing.
 *
 * @module
 */
import { changed, commonType, splat } from "./elementwise.ts";
import { LazyNode } from "./node.ts";
import { check, sameShape, typeText } from "./text.ts";

/** The same elements in another shape. */
export function reshape(x: LazyNode, shape: readonly number[]): LazyNode {
  if (sameShape(x.shape, shape)) return x;
  const size = shape.reduce((product, extent) => product * extent, 1);
  check(x.size === size, `expected ${size} elements for the shape [${shape}], got ${x.size}`);
  return changed("reshape", x, { type: x.type, shape });
}

/** Axis `i` of the operand becomes axis `axes[i]`; what is not named, or was of extent 1, is repeated. */
export function broadcastInDim(x: LazyNode, shape: readonly number[], axes: readonly number[]): LazyNode {
  const { type } = x;
  check(
    x.shape.every((extent, axis) => extent === 1 || extent === shape[axes[axis]!]),
    `expected a shape that is broadcast to [${shape}], got [${x.shape}]`,
  );
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
  check(
    permutation.toSorted((a, b) => a - b).every((axis, index) => axis === index) &&
      permutation.length === x.shape.length,
    `expected each axis of [${x.shape}] once, got [${permutation}]`,
  );
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
  const isWithin = begin.every((from, axis) => shape[axis] === 0 || from >= 0 && end[axis]! <= x.shape[axis]!);
  check(begin.length === x.shape.length && isWithin, `expected places in [${x.shape}], got [${begin}] to [${end}]`);
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
  check(
    before.length === x.shape.length && [...before, ...after].every((count) => count >= 0),
    `expected paddings of ${x.shape.length} axes, none negative, got [${before}] before and [${after}] after`,
  );
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
  const type = commonType(parts as [LazyNode, ...LazyNode[]]);
  const shape = [...parts[0]!.shape];
  const wrong = parts.find((part) => !sameShape(part.shape.toSpliced(axis, 1), shape.toSpliced(axis, 1)));
  check(!wrong, `expected equal shapes but for axis ${axis}, got [${shape}] and [${wrong?.shape}]`);
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
