/**
 * StableHLO's operations on each element, as lazy values: each function makes one statement of a program.
 *
 * @module
 */
import type { ElementType } from "../_pjrt/buffer.ts";
import { LazyNode } from "./node.ts";
import { check, literal, sameShape, typeText } from "./text.ts";

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
    type: arithmeticType(op, [x]),
    shape: x.shape,
    operands: [x],
    emit: ([a], name) => `${name} = stablehlo.${op} ${a} : ${typeText(x)}`,
  });

/** A function of floats that CHLO has and StableHLO has not: `erf`, `acos`. */
export const special = (op: string, x: LazyNode): LazyNode =>
  new LazyNode({
    type: x.type,
    shape: x.shape,
    operands: [x],
    emit: ([a], name) => `${name} = chlo.${op} ${a} : ${typeText(x)} -> ${typeText(x)}`,
  });

/** An operation of two operands of one type and shape: `add`, `xor`. */
export function binary(op: string, x: LazyNode, y: LazyNode): LazyNode {
  check(sameShape(x.shape, y.shape), `expected equal shapes, got [${x.shape}] and [${y.shape}]`);
  return new LazyNode({
    type: arithmeticType(op, [x, y]),
    shape: x.shape,
    operands: [x, y],
    emit: ([a, b], name) => `${name} = stablehlo.${op} ${a}, ${b} : ${typeText(x)}`,
  });
}

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
    type: commonType([x, y]),
    shape: x.shape,
    operands: [condition, x, y],
    emit: ([c, a, b], name) => `${name} = stablehlo.select ${c}, ${a}, ${b} : ${typeText(condition)}, ${typeText(x)}`,
  });

// What StableHLO computes of booleans; `add` is "or" there, `multiply` "and".
const OF_BOOLEANS = ["and", "or", "xor", "not", "add", "multiply", "maximum", "minimum"];

// Checked where the operation is recorded: XLA refuses the program only when a value is read.
function arithmeticType(op: string, operands: readonly [LazyNode, ...LazyNode[]]): ElementType {
  const type = commonType(operands);
  if (type === "i1" && !OF_BOOLEANS.includes(op)) throw new TypeError(`there is no "${op}" of booleans`);
  return type;
}

/** The type that operands have in common. @throws {TypeError} if they differ */
export function commonType([{ type }, ...others]: readonly [LazyNode, ...LazyNode[]]): ElementType {
  const other = others.find((operand) => operand.type !== type);
  if (other) throw new TypeError(`expected operands of one type, got ${type} and ${other.type}`);
  return type;
}

/** Elements in another type. */
export const convert = (x: LazyNode, type: ElementType): LazyNode =>
  x.type === type ? x : changed("convert", x, { type, shape: x.shape });

/** Bits read as another type of the same size. */
export const bitcast = (x: LazyNode, type: ElementType): LazyNode =>
  x.type === type ? x : changed("bitcast_convert", x, { type, shape: x.shape });

export const changed = (
  op: string,
  x: LazyNode,
  to: { readonly type: ElementType; readonly shape: readonly number[] },
) =>
  new LazyNode({
    ...to,
    operands: [x],
    emit: ([a], name) => `${name} = stablehlo.${op} ${a} : (${typeText(x)}) -> ${typeText(to)}`,
  });

/** The operand, computed as a whole before anything that follows: nothing is computed twice to save memory. */
export const barrier = (x: LazyNode): LazyNode =>
  new LazyNode({
    type: x.type,
    shape: x.shape,
    operands: [x],
    emit: ([a], name) => `${name} = stablehlo.optimization_barrier ${a} : ${typeText(x)}`,
  });
