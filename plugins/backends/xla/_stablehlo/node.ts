/**
 * Values that are computed when they are needed.
 *
 * @module
 */
import type { DeviceBuffer, ElementType, Values } from "../_pjrt/buffer.ts";

/** Writes the StableHLO statement of a value, given the names of its operands and its own. */
export type Emit = (operands: readonly string[], name: string) => string;

/** What is known of a value: nothing but how it is computed, or where it lies. */
export interface NodeOptions {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** How it is computed, and of what. */
  readonly emit?: Emit;
  readonly operands?: readonly LazyNode[];
  /** Which result of the statement it is: `#1`; absent for a statement with one. */
  readonly result?: string;
  /** It depends on an argument of a function that is being traced. */
  readonly isTraced?: boolean;
  /** Every element has this value. */
  readonly splat?: number;
  readonly values?: Values;
  readonly buffer?: DeviceBuffer;
}

/**
 * A value: a statement of a program that has not run yet, values on the host, or an array on the device. It counts who
 * needs it, tensors and statements alike, and frees the array when nobody does.
 */
export class LazyNode {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly result: string;
  readonly isTraced: boolean;
  readonly splat: number | undefined;
  /** Statements since the last value that is known. */
  readonly depth: number;
  values: Values | undefined;
  buffer: DeviceBuffer | undefined;
  #emit: Emit | undefined;
  #operands: readonly LazyNode[];
  #tensors = 0;
  readonly #users = new Set<LazyNode>();

  constructor(
    { type, shape, emit, operands = [], result = "", isTraced, splat, values, buffer }: NodeOptions,
  ) {
    this.type = type;
    this.shape = shape;
    this.result = result;
    this.isTraced = isTraced ?? operands.some((operand) => operand.isTraced);
    this.splat = splat;
    this.values = values;
    this.buffer = buffer;
    this.#emit = emit;
    this.#operands = operands;
    this.depth = operands.reduce((depth, operand) => Math.max(depth, operand.isPending ? operand.depth : 0), 0) + 1;
  }

  get size(): number {
    return this.shape.reduce((product, extent) => product * extent, 1);
  }

  get emit(): Emit | undefined {
    return this.#emit;
  }

  get operands(): readonly LazyNode[] {
    return this.#operands;
  }

  /** Statements that are needed themselves and have this value as an operand. */
  get users(): Iterable<LazyNode> {
    return this.#users;
  }

  /** It is neither on the device nor on the host. */
  get isPending(): boolean {
    return this.buffer === undefined && this.values === undefined && this.#emit !== undefined;
  }

  /** A tensor of the user's has this value. */
  get isHeld(): boolean {
    return this.#tensors > 0;
  }

  /** Nobody but one tensor needs the array. */
  get isUnshared(): boolean {
    return this.#tensors === 1 && this.#users.size === 0;
  }

  /** A tensor begins to have this value. */
  hold(): void {
    const wasNeeded = this.#isNeeded;
    this.#tensors++;
    if (!wasNeeded) this.#needOperands();
  }

  /** A tensor no longer has this value. */
  release(): void {
    this.#tensors--;
    if (!this.#isNeeded) this.#free();
  }

  /** The value is on the device now; how it was computed is forgotten. */
  materialize(buffer: DeviceBuffer): void {
    this.buffer = buffer;
    if (this.#isNeeded) this.#dropOperands();
    else this.#free();
  }

  /** The array was given up: its memory is another's. */
  donate(): void {
    this.buffer?.destroy();
    this.buffer = undefined;
  }

  get #isNeeded(): boolean {
    return this.#tensors > 0 || this.#users.size > 0;
  }

  // Loops, not recursions: chains of values may be long.
  #needOperands(): void {
    const nodes: LazyNode[] = [this];
    for (let node = nodes.pop(); node; node = nodes.pop()) {
      for (const operand of node.#operands) {
        if (!operand.#isNeeded) nodes.push(operand);
        operand.#users.add(node);
      }
    }
  }

  #dropOperands(): void {
    const nodes: LazyNode[] = [this];
    for (let node = nodes.pop(); node; node = nodes.pop()) {
      const operands = node.#operands;
      node.#operands = [];
      node.#emit = undefined;
      for (const operand of operands) {
        operand.#users.delete(node);
        if (operand.#isNeeded) continue;
        operand.donate();
        nodes.push(operand);
      }
    }
  }

  #free(): void {
    this.donate();
    this.#dropOperands();
  }
}
