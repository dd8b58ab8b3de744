/**
 * Lazy values written as a program.
 *
 * @module
 */
import type { Values } from "../_pjrt/buffer.ts";
import type { LazyNode } from "./node.ts";
import { literal, typeText } from "./text.ts";

/** A program as StableHLO text, and what it is called with. */
export interface Program {
  readonly text: string;
  /** Parameters, in the order of the program's. */
  readonly parameters: readonly LazyNode[];
}

/** How values become a program. */
export interface ProgramOptions {
  /** Parameters that come first, used or not. */
  readonly parameters?: readonly LazyNode[];
  /** For each output the parameter whose memory it may take. */
  readonly donate?: readonly (number | undefined)[];
  /** Known values of at most this many elements are written into the program. @default 0: all are parameters */
  readonly largestLiteral?: number;
  /** Devices that run the program together. @default 1 */
  readonly devices?: number;
}

/** Values still to be computed on the way to others, each after what it is computed of. */
export function statementsOf(outputs: readonly LazyNode[]): LazyNode[] {
  const done = new Set<LazyNode>(), ordered: LazyNode[] = [];
  const path: { readonly node: LazyNode; next: number }[] = [];
  const enter = (node: LazyNode) => {
    if (done.has(node) || !node.isPending) return;
    done.add(node);
    path.push({ node, next: 0 });
  };
  for (const output of outputs) {
    enter(output);
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const operand = top.node.operands[top.next++];
      if (operand) enter(operand);
      else ordered.push(path.pop()!.node);
    }
  }
  return ordered;
}

/** The program that computes values: two with one structure have one text, whatever tensors they begin with. */
export function programOf(
  outputs: readonly LazyNode[],
  { parameters: first = [], donate = [], largestLiteral = 0, devices = 1 }: ProgramOptions = {},
): Program {
  const parameters = [...first];
  const isLiteral = (node: LazyNode) => node.size === 0 || node.values !== undefined && node.size <= largestLiteral;
  let count = 0;
  const { statements, nameOf } = writeStatements(outputs, {
    names: new Map(first.map((node, index) => [node, `%a${index}`])),
    nextName: () => `%${count++}`,
    argument: (node) => isLiteral(node) ? undefined : `%a${parameters.push(node) - 1}`,
  });
  const types = outputs.map(typeText).join(", ");
  const results = outputs.length === 0 ? "" : ` ${outputs.map(nameOf).join(", ")} : ${types}`;
  const aliases = new Map(donate.flatMap((parameter, output) => parameter === undefined ? [] : [[parameter, output]]));
  const given = parameters.map((node, index) => {
    const output = aliases.get(index);
    const attribute = output === undefined ? "" : ` {tf.aliasing_output = ${output} : i32}`;
    return `%a${index}: ${typeText(node)}${attribute}`;
  });
  const body = [...statements, `return${results}`].map((line) => `    ${line}\n`).join("");
  const attributes = devices === 1 ? "" : ` attributes {mhlo.num_replicas = ${devices} : i32}`;
  return {
    text: `module @program${attributes} {\n  func.func public @main(${
      given.join(", ")
    }) -> (${types}) {\n${body}  }\n}\n`,
    parameters,
  };
}

/**
 * The statements that compute a value of known ones, as a part of another program.
 *
 * @param options `name`: that of the value; `operands`: known values by their names
 */
export function statementsText(
  output: LazyNode,
  { name, operands }: { readonly name: string; readonly operands: ReadonlyMap<LazyNode, string> },
): string {
  let count = 0;
  const { statements } = writeStatements([output], {
    names: new Map(operands),
    nextName: (node) => node === output ? name : `%p${name.slice(1)}_${count++}`,
    argument: () => undefined,
  });
  return statements.join("\n    ");
}

/** Where names come from. */
interface Names {
  readonly names: Map<LazyNode, string>;
  readonly nextName: (node: LazyNode) => string;
  /** The name of a known value that is an argument; `undefined` for one that is written into the program. */
  readonly argument: (node: LazyNode) => string | undefined;
}

// Equal statements of equal operands are written once: a constant, a broadcast scale.
function writeStatements(outputs: readonly LazyNode[], { names, nextName, argument }: Names) {
  const statements: string[] = [], written = new Map<string, string>();
  const write = (node: LazyNode, statement: (name: string) => string): string => {
    const text = statement("%");
    const name = written.get(text) ?? nextName(node);
    if (!written.has(text)) statements.push(statement(name));
    written.set(text, name);
    names.set(node, name + node.result);
    return name + node.result;
  };
  const known = (node: LazyNode): string => {
    const name = argument(node);
    if (name === undefined) {
      return write(node, (name) => `${name} = stablehlo.constant dense<${literalOf(node)}> : ${typeText(node)}`);
    }
    names.set(node, name);
    return name;
  };
  const nameOf = (node: LazyNode): string => names.get(node) ?? known(node);
  for (const node of statementsOf(outputs)) {
    if (names.has(node)) continue;
    const operands = node.operands.map(nameOf);
    write(node, (name) => node.emit!(operands, name));
  }
  return { statements, nameOf };
}

function literalOf({ values, type, shape, size }: LazyNode): string {
  if (size === 0) return "";
  const nested = (axis: number, from: number, length: number): string => {
    if (axis === shape.length) return literal((values as Values)[from]!, type);
    const step = length / shape[axis]!;
    return `[${
      Array.from({ length: shape[axis]! }, (_, index) => nested(axis + 1, from + index * step, step)).join(", ")
    }]`;
  };
  return nested(0, 0, size);
}
