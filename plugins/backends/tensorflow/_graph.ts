/**
 * Ops recorded into a graph instead of being run, and graphs made into functions.
 *
 * @module
 */
import { ATTRIBUTE, type Attribute, setAttributes, typed } from "./_attributes.ts";
import { describe, type Eager, type Metadata, nativeTensor, nextId, type Values } from "./_eager.ts";
import { type Bytes, cName, type Library, type Pointer, TYPE } from "./_ffi.ts";

/** A function that TensorFlow knows by name. */
export interface NativeFunction {
  readonly name: string;
  readonly pointer: Pointer;
  /** One kernel, made by XLA. */
  readonly kernel: boolean;
  readonly outputs: readonly Omit<Metadata, "id">[];
}

// Ops that take a list: how many of their last inputs stand outside it.
const LIST_INPUTS: Record<string, number> = { AddN: 0, Pack: 0, Einsum: 0, ConcatV2: 1 };

interface Output {
  /** TF_Output: the operation and the number of its output. */
  readonly bytes: Bytes;
  readonly shape: number[];
  readonly dtype: number;
}

/** One graph under construction. */
export class Recorder {
  readonly #graph: Pointer;
  readonly #values = new Map<number, Output>();
  readonly #placeholders: number[] = [];
  readonly #library: Library;
  #nodes = 0;

  /** @param eager where tensors lie that are read as constants */
  constructor(readonly eager: Eager) {
    this.#library = eager.library;
    this.#graph = eager.library.c.TF_NewGraph()!;
  }

  has(id: number): boolean {
    return this.#values.has(id);
  }

  delete(id: number): void {
    this.#values.delete(id);
  }

  /** An argument of the function. */
  placeholder(shape: readonly number[], dtype: number): Metadata {
    const { c } = this.#library;
    const [made] = this.#node("Placeholder", 1, (node) => {
      c.TF_SetAttrType(node, cName("dtype"), dtype);
      c.TF_SetAttrShape(node, cName("shape"), BigInt64Array.from(shape, BigInt), shape.length);
    });
    this.#placeholders.push(made!.id);
    return made!;
  }

  constant(shape: readonly number[], dtype: number, values: Values): number {
    const { c, status, check } = this.#library;
    const tensor = nativeTensor(this.#library, { shape, dtype, values });
    const [made] = this.#node("Const", 1, (node) => {
      c.TF_SetAttrTensor(node, cName("value"), tensor, status);
      check(() => "Recording a constant");
      c.TF_SetAttrType(node, cName("dtype"), dtype);
    });
    c.TF_DeleteTensor(tensor);
    return made!.id;
  }

  /** Records an op on tensors of this graph, or on constants. */
  execute(name: string, attributes: readonly Attribute[], inputs: readonly number[], outputs: number): Metadata[] {
    const values = inputs.map((id) => this.#value(id));
    return this.#node(name, outputs, (node) => {
      setAttributes(this.#library, { node }, attributes);
      const outside = LIST_INPUTS[name];
      this.#addInputs(node, values, outside === undefined ? 0 : values.length - outside);
    }, () => describe(values));
  }

  /** Records a call of a function. */
  call(callee: NativeFunction, inputs: readonly number[]): Metadata[] {
    const { c, status, check } = this.#library;
    const values = inputs.map((id) => this.#value(id));
    c.TF_GraphCopyFunction(this.#graph, callee.pointer, null, status);
    check(() => `Calling ${callee.name}`);
    return this.#node(
      "StatefulPartitionedCall",
      callee.outputs.length,
      (node) => {
        this.#addInputs(node, values, values.length);
        const types = (of: readonly { dtype: number }[]) => Int32Array.from(of, ({ dtype }) => dtype);
        c.TF_SetAttrTypeList(node, cName("Tin"), types(values), values.length);
        c.TF_SetAttrTypeList(node, cName("Tout"), types(callee.outputs), callee.outputs.length);
        const name = cName(callee.name);
        c.TF_SetAttrFuncName(node, cName("f"), name, BigInt(name.length - 1));
        if (callee.kernel) setAttributes(this.#library, { node }, [MUST_COMPILE]);
      },
      () => describe(values),
      callee.outputs,
    );
  }

  /** Ends the recording: the graph as a function of its placeholders, in their order. */
  finish(name: string, { outputs, kernel }: { outputs: readonly number[]; kernel: boolean }): NativeFunction {
    const { c, status, check } = this.#library;
    // An output that is an argument or a constant, or comes twice, gets a node of its own.
    const results = outputs.map((id) => {
      const { dtype } = this.#value(id);
      return this.#value(this.execute("Identity", [typed("T", dtype)], [id], 1)[0]!.id);
    });
    const inputs = this.#placeholders.map((id) => this.#values.get(id)!);
    const pointer = c.TF_GraphToFunction(
      this.#graph,
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
    c.TFE_ContextAddFunction(this.eager.context, pointer, status);
    check(() => `Adding the function ${name}`);
    return { name, pointer: pointer!, kernel, outputs: results.map(({ shape, dtype }) => ({ shape, dtype })) };
  }

  dispose(): void {
    this.#library.c.TF_DeleteGraph(this.#graph);
    this.#values.clear();
  }

  // Tensors with values, found in the code that is recorded, are its constants.
  #value(id: number): Output {
    const known = this.#values.get(id);
    if (known) return known;
    const { shape, dtype } = this.eager.metadata(id);
    return this.#values.get(this.constant(shape, dtype, this.eager.read(id)))!;
  }

  #addInputs(node: Pointer, values: readonly Output[], listed: number): void {
    const { c } = this.#library;
    if (listed > 0) c.TF_AddInputList(node, joined(values.slice(0, listed)), listed);
    for (const value of values.slice(listed)) c.TF_AddInput(node, value.bytes);
  }

  #node(
    op: string,
    outputs: number,
    describeNode: (node: Pointer) => void,
    inputs: () => string = () => "",
    known?: readonly Omit<Metadata, "id">[],
  ): Metadata[] {
    const { c, status, check } = this.#library;
    const node = c.TF_NewOperation(this.#graph, cName(op), uniqueName(this.#nodes++))!;
    describeNode(node);
    const operation = c.TF_FinishOperation(node, status);
    check(() => `${op}(${inputs()}) in a compiled function`);
    return Array.from({ length: outputs }, (_, number) => {
      const bytes = outputBytes(operation!, number);
      const { shape, dtype } = known?.[number] ?? this.#infer(bytes, op);
      const id = nextId();
      this.#values.set(id, { bytes, shape, dtype });
      return { id, shape, dtype };
    });
  }

  #infer(output: Bytes, op: string): { shape: number[]; dtype: number } {
    const { c, status, check } = this.#library;
    const rank = c.TF_GraphGetTensorNumDims(this.#graph, output, status);
    check(() => `The rank of what ${op} gives`);
    const dims = new BigInt64Array(Math.max(rank, 1));
    if (rank > 0) c.TF_GraphGetTensorShape(this.#graph, output, dims, rank, status);
    check(() => `The shape of what ${op} gives`);
    const shape = Array.from(dims.subarray(0, Math.max(rank, 0)), Number);
    if (rank < 0 || shape.some((size) => size < 0)) throw new UntraceableError(`the shape of ${op} depends on values`);
    return { shape, dtype: c.TF_OperationOutputType(output) };
  }
}

/** The code depends on values, so it cannot be compiled ahead of them. */
export class UntraceableError extends Error {
  override readonly name = "UntraceableError";
}

/** Marks what XLA must compile. */
export const MUST_COMPILE: Attribute = { name: "_XlaMustCompile", type: ATTRIBUTE.bool, value: true };

const joined = (outputs: readonly Output[]): Bytes => {
  const all = new Uint8Array(16 * outputs.length);
  outputs.forEach(({ bytes }, at) => all.set(bytes, 16 * at));
  return all;
};

function outputBytes(operation: Pointer, number: number): Bytes {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(Deno.UnsafePointer.value(operation)), true);
  view.setInt32(8, number, true);
  return bytes;
}

const uniqueName = (number: number): Bytes => new TextEncoder().encode(`n${number}\0`);

export { TYPE };
