/**
 * Graphs and their nodes, made with TensorFlow's C API.
 *
 * @module
 */
import { cName, type Library, type Pointer } from "../_c_api/ffi.ts";
import { type Metadata, nativeTensor, type Values } from "../_eager.ts";
import { joined, type NativeFunction, nodeName, type Output, outputBytes, UntraceableError } from "./functions.ts";

/** How a node is built. */
export interface NodeBuilder {
  /** Sets its inputs and attributes. */
  readonly describe: (node: Pointer) => void;
  /** Describes its inputs, for messages. */
  readonly inputs?: () => string;
}

/** A graph under construction. */
export class Graph {
  /** The number of scatter ops. */
  scatters = 0;
  readonly #pointer: Pointer;
  #nodes = 0;

  constructor(readonly library: Library) {
    this.#pointer = library.c.TF_NewGraph()!;
  }

  /** Adds a node. Returns its outputs, with the shapes that TensorFlow infers. */
  node(op: string, { outputs, ...node }: NodeBuilder & { readonly outputs: number }): Output[] {
    const operation = this.operation(op, node);
    return Array.from(
      { length: outputs },
      (_, index) => this.output(operation, index, this.#infer(operation, { index, op })),
    );
  }

  /** Adds a node. Returns its operation. */
  operation(op: string, { describe, inputs = () => "" }: NodeBuilder): Pointer {
    const { c, status, check } = this.library;
    const node = c.TF_NewOperation(this.#pointer, cName(op), nodeName(this.#nodes++))!;
    describe(node);
    if (/Scatter|Segment/.test(op)) this.scatters++;
    const operation = c.TF_FinishOperation(node, status);
    check(() => `${op}(${inputs()}) in a compiled function`);
    return operation!;
  }

  /** An output of known shape and type. */
  output(operation: Pointer, index: number, { shape, dtype }: Omit<Metadata, "id">): Output {
    return { bytes: outputBytes(operation, index), shape: [...shape], dtype };
  }

  /** Sets the shape of an output for which TensorFlow infers none. */
  setShape({ bytes, shape }: Output): void {
    const { c, status, check } = this.library;
    const dims = BigInt64Array.from(shape, BigInt);
    c.TF_GraphSetTensorShape(this.#pointer, bytes, dims, dims.length, status);
    check(() => "Setting the shape of a value");
  }

  constant(tensor: { readonly shape: readonly number[]; readonly dtype: number; readonly values: Values }): Output {
    const { c, status, check } = this.library;
    const native = nativeTensor(this.library, tensor);
    const operation = this.operation("Const", {
      describe: (node) => {
        c.TF_SetAttrTensor(node, cName("value"), native, status);
        check(() => "Recording a constant");
        c.TF_SetAttrType(node, cName("dtype"), tensor.dtype);
      },
    });
    c.TF_DeleteTensor(native);
    return this.output(operation, 0, { ...tensor, shape: [...tensor.shape] });
  }

  /** Adds the inputs of a node, the first `listCount` of them as a list. */
  addInputs(node: Pointer, values: readonly Output[], listCount: number): void {
    const { c } = this.library;
    if (listCount > 0) c.TF_AddInputList(node, joined(values.slice(0, listCount)), listCount);
    for (const value of values.slice(listCount)) c.TF_AddInput(node, value.bytes);
  }

  /** Adds a function that nodes of the graph can call. */
  addFunction({ name, pointer }: NativeFunction): void {
    const { c, status, check } = this.library;
    c.TF_GraphCopyFunction(this.#pointer, pointer, null, status);
    check(() => `Calling ${name}`);
  }

  /** The graph as a function from inputs to results. */
  toFunction(name: string, inputs: readonly Output[], results: readonly Output[]): Pointer {
    const { c, status, check } = this.library;
    const pointer = c.TF_GraphToFunction(
      this.#pointer,
      cName(name),
      0,
      -1,
      null,
      inputs.length,
      joined(inputs),
      results.length,
      joined(results),
      null,
      null,
      null,
      status,
    ); // deno-fmt-ignore
    check(() => `Making the function ${name}`);
    return pointer!;
  }

  dispose(): void {
    this.library.c.TF_DeleteGraph(this.#pointer);
  }

  #infer(operation: Pointer, { index, op }: { index: number; op: string }): { shape: number[]; dtype: number } {
    const { c, status, check } = this.library;
    const output = outputBytes(operation, index);
    const rank = c.TF_GraphGetTensorNumDims(this.#pointer, output, status);
    check(() => `The rank of an output of ${op}`);
    const dims = new BigInt64Array(Math.max(rank, 1));
    if (rank > 0) c.TF_GraphGetTensorShape(this.#pointer, output, dims, rank, status);
    check(() => `The shape of an output of ${op}`);
    const shape = Array.from(dims.subarray(0, Math.max(rank, 0)), Number);
    if (rank < 0 || shape.some((size) => size < 0)) throw new UntraceableError(`the shape of ${op} depends on values`);
    return { shape, dtype: c.TF_OperationOutputType(output) };
  }
}
