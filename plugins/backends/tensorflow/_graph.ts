/**
 * Ops recorded into a graph instead of being run, and graphs made into functions.
 *
 * @module
 */
import { ATTRIBUTE, type Attribute, setAttributes, typed } from "./_attributes.ts";
import { describe, type Eager, type Metadata, nativeTensor, nextId, type Values } from "./_eager.ts";
import { type Bytes, cName, type Library, type Pointer, TYPE } from "./_ffi.ts";
import {
  type FunctionOutput,
  joined,
  MUST_COMPILE,
  type NativeFunction,
  type Output,
  outputBytes,
  uniqueName,
  UntraceableError,
} from "./_functions.ts";

// Ops that take a list: how many of their last inputs stand outside it.
const LIST_INPUTS: Record<string, number> = { AddN: 0, Pack: 0, Einsum: 0, ConcatV2: 1 };

/** A variable that a graph is given. */
interface Variable {
  readonly handle: Output;
  /** The operations that it was last read and written by. */
  readonly touched: Pointer[];
}

/** One graph under construction. */
export class Recorder {
  readonly #graph: Pointer;
  readonly #values = new Map<number, Output>();
  readonly #arguments: { readonly handle: Output; readonly variable?: Variable }[] = [];
  // Tensors that are what a variable holds.
  readonly #variables = new Map<number, Variable>();
  // What was added up in zeros: values, and where each was added.
  readonly #sums = new Map<number, readonly [values: Output, ids: Output]>();
  readonly #library: Library;
  #nodes = 0;
  #scatters = 0;

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

  /** An argument of the function; of a variable, what it holds. */
  argument(shape: readonly number[], dtype: number, { variable = false } = {}): Metadata {
    const [made] = this.#node("Placeholder", 1, (node) =>
      setAttributes(this.#library, { node }, [
        typed("dtype", variable ? TYPE.resource : dtype),
        { name: "shape", type: ATTRIBUTE.shape, value: variable ? [] : shape },
      ])) as [Metadata];
    const handle = this.#values.get(made.id)!;
    if (!variable) {
      this.#arguments.push({ handle });
      return made;
    }
    const own: Variable = { handle, touched: [] };
    this.#arguments.push({ handle, variable: own });
    return this.#read(own, { shape: [...shape], dtype });
  }

  /** Whether XLA can make one kernel of it: two scatters at the same places, made one loop, end the process. */
  get isKernel(): boolean {
    return this.#scatters < 2;
  }

  /** Whether a tensor is what a variable holds, so that a function may write to it. */
  isVariable(id: number): boolean {
    return this.#variables.has(id);
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
    const made = this.#node(name, outputs, (node) => {
      setAttributes(this.#library, { node }, attributes);
      const outside = LIST_INPUTS[name];
      this.#addInputs(node, values, outside === undefined ? 0 : values.length - outside);
    }, () => describe(values));
    if (name === "UnsortedSegmentSum") this.#sums.set(made[0]!.id, [values[0]!, values[1]!]);
    return made;
  }

  /** Of what was added up in zeros, the values and where each was added. */
  addends(id: number): Metadata[] | undefined {
    return this.#sums.get(id)?.map((output) => {
      const own = nextId();
      this.#values.set(own, output);
      return { id: own, shape: output.shape, dtype: output.dtype };
    });
  }

  /** Records a call of a function. Arguments that it writes to are to be variables. */
  call(callee: NativeFunction, inputs: readonly number[]): Metadata[] {
    const { c, status, check } = this.#library;
    const written = new Map(
      callee.outputs.flatMap(({ replaces }) =>
        replaces === undefined ? [] : [[replaces, this.#variables.get(inputs[replaces]!)!]]
      ),
    );
    const values = inputs.map((id, at) => written.get(at)?.handle ?? this.#value(id));
    const given = callee.outputs.filter(({ replaces }) => replaces === undefined);
    c.TF_GraphCopyFunction(this.#graph, callee.pointer, null, status);
    check(() => `Calling ${callee.name}`);
    const operation = this.#operation("StatefulPartitionedCall", (node) => {
      this.#addInputs(node, values, values.length);
      const types = (of: readonly { dtype: number }[]) => Int32Array.from(of, ({ dtype }) => dtype);
      c.TF_SetAttrTypeList(node, cName("Tin"), types(values), values.length);
      c.TF_SetAttrTypeList(node, cName("Tout"), types(given), given.length);
      const name = cName(callee.name);
      c.TF_SetAttrFuncName(node, cName("f"), name, BigInt(name.length - 1));
      if (callee.kernel) setAttributes(this.#library, { node }, [MUST_COMPILE]);
      for (const variable of written.values()) this.#after(variable, node);
    }, () => describe(values));
    for (const { touched } of written.values()) touched.splice(0, touched.length, operation);
    const returned = given.map((known, number) => this.#output(operation, number, known));
    return callee.outputs.map((output) =>
      output.replaces === undefined ? returned.shift()! : this.#read(written.get(output.replaces)!, output)
    );
  }

  // What a variable holds, after what was recorded until now.
  #read(variable: Variable, known: Omit<Metadata, "id">): Metadata {
    const { c, status, check } = this.#library;
    const operation = this.#operation("ReadVariableOp", (node) => {
      c.TF_AddInput(node, variable.handle.bytes);
      setAttributes(this.#library, { node }, [typed("dtype", known.dtype)]);
      this.#after(variable, node);
    });
    variable.touched.push(operation);
    const dims = BigInt64Array.from(known.shape, BigInt);
    c.TF_GraphSetTensorShape(this.#graph, outputBytes(operation, 0), dims, dims.length, status);
    check(() => "Telling the shape of a variable");
    const value = this.#output(operation, 0, known);
    this.#variables.set(value.id, variable);
    return value;
  }

  #write(variable: Variable, value: Output): void {
    this.#operation("AssignVariableOp", (node) => {
      this.#addInputs(node, [variable.handle, value], 0);
      setAttributes(this.#library, { node }, [typed("dtype", value.dtype)]);
      this.#after(variable, node);
    });
  }

  #after({ touched }: Variable, node: Pointer): void {
    for (const operation of touched) this.#library.c.TF_AddControlInput(node, operation);
  }

  /**
   * Ends the recording: the graph as a function of its arguments, in their order. `replaces` says of outputs whose place
   * they take; where that argument is a variable, they are written to it.
   */
  finish(
    name: string,
    { outputs, replaces, kernel }: {
      readonly outputs: readonly number[];
      readonly replaces: readonly (number | undefined)[];
      readonly kernel: boolean;
    },
  ): NativeFunction {
    const { c, status, check } = this.#library;
    const results: Output[] = [];
    const computed = outputs.map((id, at): FunctionOutput => {
      const value = this.#value(id), { shape, dtype } = value;
      const variable = this.#arguments[replaces[at] ?? -1]?.variable;
      if (variable) {
        if (this.#variables.get(id) !== variable) this.#write(variable, value);
        return { shape, dtype, replaces: replaces[at]! };
      }
      // An output that is an argument or a constant, or comes twice, gets a node of its own.
      results.push(this.#value(this.execute("Identity", [typed("T", dtype)], [id], 1)[0]!.id));
      return { shape, dtype };
    });
    const inputs = this.#arguments.map(({ handle }) => handle);
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
    return { name, pointer: pointer!, kernel, outputs: computed };
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
    inputs?: () => string,
  ): Metadata[] {
    const operation = this.#operation(op, describeNode, inputs);
    return Array.from(
      { length: outputs },
      (_, number) => this.#output(operation, number, this.#infer(outputBytes(operation, number), op)),
    );
  }

  #operation(op: string, describeNode: (node: Pointer) => void, inputs: () => string = () => ""): Pointer {
    const { c, status, check } = this.#library;
    const node = c.TF_NewOperation(this.#graph, cName(op), uniqueName(this.#nodes++))!;
    describeNode(node);
    if (/Scatter|Segment/.test(op)) this.#scatters++;
    const operation = c.TF_FinishOperation(node, status);
    check(() => `${op}(${inputs()}) in a compiled function`);
    return operation!;
  }

  #output(operation: Pointer, number: number, { shape, dtype }: Omit<Metadata, "id">): Metadata {
    const id = nextId();
    this.#values.set(id, { bytes: outputBytes(operation, number), shape: [...shape], dtype });
    return { id, shape: [...shape], dtype };
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
