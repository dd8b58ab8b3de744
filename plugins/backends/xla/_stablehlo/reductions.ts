/**
 * StableHLO's sums: reductions, and products of matrices.
 *
 * @module
 */
import type { Precision } from "@opf/framework";
import { convert, splat } from "./elementwise.ts";
import { LazyNode } from "./node.ts";
import { check, typeText } from "./text.ts";

/** A reduction over axes, which disappear. @param op `add`, `maximum`, … @param initial what it begins with */
export function reduce(op: string, x: LazyNode, { axes, initial }: {
  readonly axes: readonly number[];
  readonly initial: number;
}): LazyNode {
  if (axes.length === 0) return x;
  check(new Set(axes).size === axes.length, `expected each axis once, got [${axes}]`);
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

/**
 * The product of two operands: axes that go along, then those left of `x`, then those left of `y`. A product with a vector is
 * float32 in any precision: it is a sum, such as a mean of a LayerNorm, and takes as long as reading its operands.
 */
export function dot(
  x: LazyNode,
  y: LazyNode,
  { batch = [[], []], contract, precision = "float32" }: DotAxes & { readonly precision?: Precision },
): LazyNode {
  for (const [ofX, ofY] of [batch, contract]) {
    check(
      ofX.every((axis, index) => x.shape[axis] === y.shape[ofY[index]!]),
      `expected axes [${ofX}] of [${x.shape}] to be equal to axes [${ofY}] of [${y.shape}]`,
    );
  }
  const shape = [
    ...batch[0].map((axis) => x.shape[axis]!),
    ...x.shape.filter((_, axis) => !batch[0].includes(axis) && !contract[0].includes(axis)),
    ...y.shape.filter((_, axis) => !batch[1].includes(axis) && !contract[1].includes(axis)),
  ];
  const extent = (axes: readonly number[]) => axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  const inner = extent(contract[0]), each = extent(batch[0]) * inner;
  const ofVector = [inner, x.size / each, y.size / each].includes(1);
  const isFloat = x.type === "f32", how = ofVector ? "float32" : precision;
  const [left, right] = isFloat && how === "bfloat16" ? [convert(x, "bf16"), convert(y, "bf16")] : [x, y];
  const list = (axes: readonly (readonly number[])[]) => axes.map((each) => `[${each.join(", ")}]`).join(" x ");
  const batching = batch[0].length > 0 ? `batching_dims = ${list(batch)}, ` : "";
  const attribute = isFloat && how === "float32" ? "HIGHEST" : "DEFAULT";
  return new LazyNode({
    type: x.type,
    shape,
    operands: [left, right],
    emit: ([a, b], name) =>
      `${name} = stablehlo.dot_general ${a}, ${b}, ${batching}contracting_dims = ${list(contract)}, ` +
      `precision = [${attribute}, ${attribute}] : (${typeText(left)}, ${typeText(right)}) -> ${
        typeText({ type: x.type, shape })
      }`,
  });
}
