/**
 * TensorFlow.js's storage of tensors, on lazy values.
 *
 * @module
 */
import { type Precision, tf } from "@opf/framework";
import type { ElementType, Values } from "./_pjrt/buffer.ts";
import { LazyNode } from "./_stablehlo/node.ts";
import type { Runtime } from "./_runtime.ts";
import { splat } from "./_stablehlo/elementwise.ts";
import { reshape } from "./_stablehlo/movement.ts";
import { sameShape } from "./_stablehlo/text.ts";
import { dataType, elementType } from "./_stablehlo/types.ts";

/** A function cannot be compiled: the reason. */
export class UntraceableError extends Error {}

/** A function that is being traced. */
export interface Trace {
  readonly name: string;
  /** Devices that run it together, each on its part of a batch. */
  readonly devices: number;
}

// Up to this size values stay on the host too: they may become literals, and indices can be checked.
const SMALL = 2 ** 14;
// Statements in a chain from which on it is computed though nobody reads it: the time to compile a chain grows with its square.
const LONGEST_CHAIN = 100;

const ENDED = "The tensor is a value inside a compiled function, which has ended: return it from the function.";

interface Entry {
  node: LazyNode;
  references: number;
}

/** What TensorFlow.js keeps tensors in. */
export class XlaBackend extends tf.KernelBackend {
  /** Functions that are being traced, the innermost last. */
  readonly traces: Trace[] = [];
  /** How the matrix products of the code that runs now multiply. */
  precision: Precision = "float32";
  // By the objects that TensorFlow.js knows tensors' data by.
  readonly #entries = new WeakMap<object, Entry>();
  #count = 0;

  constructor(readonly runtime: Runtime) {
    super();
  }

  /** Runs code whose matrix products multiply in a precision. */
  withPrecision<T>(precision: Precision, run: () => T): T {
    const outer = this.precision;
    this.precision = precision;
    try {
      return run();
    } finally {
      this.precision = outer;
    }
  }

  /** Devices that run the code of now together. */
  get devices(): number {
    return this.traces.at(-1)?.devices ?? 1;
  }

  /** The value of a tensor, in the tensor's shape. */
  nodeOf({ dataId, shape }: tf.TensorInfo): LazyNode {
    return reshape(this.storedNode(dataId), shape);
  }

  /** The value of a tensor, in the shape that it was computed in. */
  storedNode(dataId: object): LazyNode {
    const entry = this.#entries.get(dataId);
    if (!entry) {
      // Another backend's: TensorFlow.js hands it over.
      if (!tf.engine().state.tensorInfo.has(dataId)) throw new Error("Tensor is disposed.");
      tf.engine().moveData(this, dataId);
      return this.#entries.get(dataId)!.node;
    }
    return entry.node;
  }

  /** A tensor's data for a value. */
  infoOf(node: LazyNode): tf.TensorInfo {
    const dataId = {};
    this.#put(dataId, node, 1);
    if (node.depth > LONGEST_CHAIN && !node.isTraced) this.runtime.evaluate([node]);
    return { dataId, shape: [...node.shape], dtype: dataType(node.type) };
  }

  /** Another tensor of the same data, in a shape of its own: an array is shared, a value still to be computed is another. */
  share({ dataId, dtype }: tf.TensorInfo, shape: readonly number[]): tf.TensorInfo {
    const node = this.storedNode(dataId);
    if ((node.isPending || node.isTraced) && !sameShape(node.shape, shape)) return this.infoOf(reshape(node, shape));
    this.incRef(dataId);
    return { dataId, shape: [...shape], dtype };
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    const dataId = {};
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(dataId: object, values: tf.BackendValues, shape: number[], dtype: tf.DataType, count: number): void {
    this.#put(dataId, this.#known(values, shape, elementType(dtype)), count);
  }

  override readSync(dataId: object): Values {
    return this.valuesOf(this.storedNode(dataId));
  }

  override read(dataId: object): Promise<Values> {
    return this.runtime.readAsync(this.#readable(this.storedNode(dataId)));
  }

  /** A copy of a value on the host. */
  valuesOf(node: LazyNode): Values {
    return this.runtime.read(this.#readable(node));
  }

  override refCount(dataId: object): number {
    return this.#entries.get(dataId)?.references ?? 0;
  }

  override incRef(dataId: object): void {
    const entry = this.#entries.get(dataId)!;
    entry.references++;
    entry.node.hold();
  }

  override disposeData(dataId: object, force = false): boolean {
    const entry = this.#entries.get(dataId);
    if (!entry) return true;
    const released = force ? entry.references : 1;
    entry.references -= released;
    if (entry.references === 0) {
      this.#entries.delete(dataId);
      this.#count--;
    }
    for (let time = 0; time < released; time++) entry.node.release();
    return entry.references === 0;
  }

  override numDataIds(): number {
    return this.#count;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override dispose(): void {}

  #put(dataId: object, node: LazyNode, references: number): void {
    this.#entries.set(dataId, { node, references });
    this.#count++;
    for (let time = 0; time < references; time++) node.hold();
  }

  #readable(node: LazyNode): LazyNode {
    if (node.isTraced && this.traces.length === 0) throw new Error(ENDED);
    if (node.isTraced) throw new UntraceableError("it reads a tensor's values");
    return node;
  }

  #known(given: tf.BackendValues, shape: readonly number[], type: ElementType): LazyNode {
    const numbers = given as ArrayLike<number>;
    // Copying a few values, such as a mask of a batch, costs less than the program that would make them.
    const mayBeSplat = numbers.length > SMALL || this.traces.length > 0 && numbers.length > 1;
    if (mayBeSplat && isZeroOrOne(numbers[0]!) && isUniform(numbers)) return splat(numbers[0]!, type, shape);
    const values: Values = type === "f32"
      ? new Float32Array(numbers)
      : type === "i32"
      ? new Int32Array(numbers)
      : Uint8Array.from(numbers, (value) => value ? 1 : 0); // XLA takes no other bytes for true
    if (values.length <= SMALL) return new LazyNode({ type, shape, values });
    return new LazyNode({ type, shape, buffer: this.runtime.upload(values, { type, shape }) });
  }
}

const isZeroOrOne = (value: number) => Object.is(value, 0) || value === 1;

function isUniform(values: ArrayLike<number>): boolean {
  const first = values[0]!;
  for (let index = 1; index < values.length; index++) if (!Object.is(values[index], first)) return false;
  return true;
}
