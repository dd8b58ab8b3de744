/**
 * Graphs and their nodes, as TensorFlow's C API makes them.
 *
 * @module
 */
import { type Metadata, nativeTensor, type Values } from "./_eager.ts";
import { cName, type Library, type Pointer } from "./_ffi.ts";
import { joined, type NativeFunction, type Output, outputBytes, uniqueName, UntraceableError } from "./_functions.ts";

/** What a node is made of. */
export interface Node {
  /** Gives it inputs and attributes. */
  readonly describe: (node: Pointer) => void;
  /** Its inputs in words, for messages. */
  readonly inputs?: () => string;
}

/** A graph, to which nodes are added. */
export class Graph {
  /** Nodes that add up rows at places. */
  scatters = 0;
  readonly #pointer: Pointer;
  #nodes = 0;

  constructor(readonly library: Library) {
    this.#pointer = library.c.TF_NewGraph()!;
  }

  /** Adds a node; its outputs, whose shapes TensorFlow infers. */
  node(op: string, { outputs, ...node }: Node & { readonly outputs: number }): Output[] {
    const operation = this.operation(op, node);
    return Array.from(
      { length: outputs },
      (_, number) => this.output(operation, number, this.#infer(operation, { number, op })),
    );
  }

  /** Adds a node. */
  operation(op: string, { describe, inputs = () => "" }: Node): Pointer {
    const { c, status, check } = this.library;
    const node = c.TF_NewOperation(this.#pointer, cName(op), uniqueName(this.#nodes++))!;
    describe(node);
    if (/Scatter|Segment/.test(op)) this.scatters++;
    const operation = c.TF_FinishOperation(node, status);
    check(() => `${op}(${inputs()}) in a compiled function`);
    return operation!;
  }

  /** An output of which shape and type are known. */
  output(operation: Pointer, number: number, { shape, dtype }: Omit<Metadata, "id">): Output {
    return { bytes: outputBytes(operation, number), shape: [...shape], dtype };
  }

  /** Tells TensorFlow the shape of a value, which it does not infer. */
  tellShape({ bytes, shape }: Output): void {
    const { c, status, check } = this.library;
    const dims = BigInt64Array.from(shape, BigInt);
    c.TF_GraphSetTensorShape(this.#pointer, bytes, dims, dims.length, status);
    check(() => "Telling the shape of a value");
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

  /** Gives a node inputs, the first of them as a list. */
  addInputs(node: Pointer, values: readonly Output[], listed: number): void {
    const { c } = this.library;
    if (listed > 0) c.TF_AddInputList(node, joined(values.slice(0, listed)), listed);
    for (const value of values.slice(listed)) c.TF_AddInput(node, value.bytes);
  }

  /** Makes a function known to the graph, so that its nodes can call it. */
  take({ name, pointer }: NativeFunction): void {
    const { c, status, check } = this.library;
    c.TF_GraphCopyFunction(this.#pointer, pointer, null, status);
    check(() => `Calling ${name}`);
  }

  /** The graph as a function of some of its outputs. */
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

  #infer(operation: Pointer, { number, op }: { number: number; op: string }): { shape: number[]; dtype: number } {
    const { c, status, check } = this.library;
    const output = outputBytes(operation, number);
    const rank = c.TF_GraphGetTensorNumDims(this.#pointer, output, status);
    check(() => `The rank of what ${op} gives`);
    const dims = new BigInt64Array(Math.max(rank, 1));
    if (rank > 0) c.TF_GraphGetTensorShape(this.#pointer, output, dims, rank, status);
    check(() => `The shape of what ${op} gives`);
    const shape = Array.from(dims.subarray(0, Math.max(rank, 0)), Number);
    if (rank < 0 || shape.some((size) => size < 0)) throw new UntraceableError(`the shape of ${op} depends on values`);
    return { shape, dtype: c.TF_OperationOutputType(output) };
  }
}
