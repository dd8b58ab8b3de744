/**
 * Recording of ops into a graph, and graphs as functions.
 *
 * @module
 */
import { ATTRIBUTE, type Attribute, setAttributes, typed } from "../_c_api/attributes.ts";
import { cName, TYPE } from "../_c_api/ffi.ts";
import { describe, type Eager, type Metadata, nextId, type Values } from "../_eager.ts";
import { type FunctionOutput, MUST_COMPILE, type NativeFunction, type Output } from "./functions.ts";
import { Graph } from "./graph.ts";
import { Variable } from "./variables.ts";

// Ops that take a list of inputs: how many of their last inputs are not part of it.
const LIST_INPUTS: Record<string, number> = { AddN: 0, Pack: 0, ConcatV2: 1 };

/** A value that becomes a node when it is first used: every node costs time in each call, even one that nobody uses. */
interface LazyNode extends Omit<Metadata, "id"> {
  readonly make: () => Output;
  /** The values of a constant. */
  readonly values?: Values;
  /** What it is the square of. */
  readonly squareOf?: Output;
}

/** One graph under construction. */
export class Recorder {
  readonly #graph: Graph;
  readonly #values = new Map<number, Output | LazyNode>();
  readonly #arguments: { readonly handle: Output; readonly variable?: Variable }[] = [];
  // The variable that a tensor is the value of.
  readonly #variables = new Map<number, Variable>();
  // Constants of few integers, and reshaped values, which are recorded once.
  readonly #shared = new Map<string, Output>();

  /** @param eager holds the tensors that become constants */
  constructor(readonly eager: Eager) {
    this.#graph = new Graph(eager.library);
  }

  has(id: number): boolean {
    return this.#values.has(id);
  }

  delete(id: number): void {
    this.#values.delete(id);
  }

  /** An argument of the function; for a variable, its value. */
  argument(shape: readonly number[], dtype: number, { variable: isVariable = false } = {}): Metadata {
    const [handle] = this.#graph.node("Placeholder", {
      outputs: 1,
      describe: (node) =>
        setAttributes(this.eager.library, { node }, [
          typed("dtype", isVariable ? TYPE.resource : dtype),
          { name: "shape", type: ATTRIBUTE.shape, value: isVariable ? [] : shape },
        ]),
    }) as [Output];
    if (!isVariable) {
      this.#arguments.push({ handle });
      return this.#register(handle);
    }
    const variable = new Variable(this.#graph, handle);
    this.#arguments.push({ handle, variable });
    return this.#valueOf(variable, { shape: [...shape], dtype });
  }

  /** Whether XLA can compile it into one kernel: it fuses two scatters to the same indices, which crashes the process. */
  get isKernel(): boolean {
    return this.#graph.scatters < 2;
  }

  /** Whether a tensor is the value of a variable, so that a function may write to it. */
  isVariable(id: number): boolean {
    return this.#variables.has(id);
  }

  constant(shape: readonly number[], dtype: number, values: Values): number {
    const isSmallInteger = dtype === TYPE.int32 && values.length <= 8; // shapes and axes, for instance
    if (!isSmallInteger) return this.#register(this.#graph.constant({ shape, dtype, values })).id;
    const tensor = { shape: [...shape], dtype, values: Int32Array.from(values as Int32Array) };
    const make = () => this.#once(`${shape}: ${tensor.values}`, () => this.#graph.constant(tensor));
    return this.#register({ ...tensor, make }).id;
  }

  /** Records an op on tensors of this graph, or on constants. */
  execute(name: string, attributes: readonly Attribute[], inputs: readonly number[], outputs: number): Metadata[] {
    if (name === "Reshape") return [this.#register(this.#reshape(attributes, inputs as [number, number]))];
    if (name === "Square") return [this.#register(this.#square(attributes, inputs[0]!))];
    const sumOfSquares = name === "Sum" && this.#sumOfSquares(attributes, inputs as [number, number]);
    if (sumOfSquares) return [this.#register(sumOfSquares)];
    const values = inputs.map((id) => this.#value(id));
    return this.#op(name, { attributes, values, outputs }).map((output) => this.#register(output));
  }

  #op(name: string, { attributes, values, outputs }: {
    readonly attributes: readonly Attribute[];
    readonly values: readonly Output[];
    readonly outputs: number;
  }): Output[] {
    const unlisted = LIST_INPUTS[name];
    return this.#graph.node(name, {
      outputs,
      describe: (node) => {
        setAttributes(this.eager.library, { node }, attributes);
        this.#graph.addInputs(node, values, unlisted === undefined ? 0 : values.length - unlisted);
      },
      inputs: () => describe(values),
    });
  }

  // A reshape of a reshape reads the first value; a reshape to the same shape is that value.
  #reshape(attributes: readonly Attribute[], [id, shapeId]: readonly [number, number]): Output {
    const value = this.#value(id), first = value.reshapes ?? value;
    const shape = this.#values.get(shapeId);
    const make = () => this.#op("Reshape", { attributes, values: [first, this.#value(shapeId)], outputs: 1 })[0]!;
    if (!shape || !("values" in shape)) return make();
    if (`${shape.values}` === `${first.shape}`) return first;
    return this.#once(`${first.bytes} as ${shape.values}`, () => ({ ...make(), reshapes: first }));
  }

  #square(attributes: readonly Attribute[], id: number): LazyNode {
    const squareOf = this.#value(id);
    const { shape, dtype } = squareOf;
    const make = () => this.#op("Square", { attributes, values: [squareOf], outputs: 1 })[0]!;
    return { shape, dtype, make, squareOf };
  }

  // The sum of all squares by the op that reads its input once and writes nothing: ½ Σ x².
  #sumOfSquares(attributes: readonly Attribute[], [id, axesId]: readonly [number, number]): Output | undefined {
    const squares = this.#values.get(id), axes = this.#values.get(axesId);
    if (!squares || !("squareOf" in squares) || squares.dtype !== TYPE.float32 || !axes || !("values" in axes)) return;
    const keepsDims = attributes.some(({ name, value }) => name === "keep_dims" && value);
    if (keepsDims || axes.values!.length !== squares.shape.length) return;
    const type = { attributes: [typed("T", TYPE.float32)], outputs: 1 };
    const [half] = this.#op("L2Loss", { ...type, values: [squares.squareOf!] }) as [Output];
    return this.#op("AddV2", { ...type, values: [half, half] })[0]!;
  }

  #once(key: string, make: () => Output): Output {
    return this.#shared.getOrInsertComputed(key, make);
  }

  /** Records a call of a function. The arguments that it writes to must be variables. */
  call(callee: NativeFunction, inputs: readonly number[]): Metadata[] {
    const { c } = this.eager.library;
    const written = new Map(
      callee.outputs.flatMap(({ donate }) =>
        donate === undefined ? [] : [[donate, this.#variables.get(inputs[donate]!)!]]
      ),
    );
    for (const variable of written.values()) this.#readBeforeWrite(variable);
    const values = inputs.map((id, index) => written.get(index)?.handle ?? this.#value(id));
    const returned = callee.outputs.filter(({ donate }) => donate === undefined);
    this.#graph.addFunction(callee);
    const operation = this.#graph.operation("StatefulPartitionedCall", {
      describe: (node) => {
        this.#graph.addInputs(node, values, values.length);
        const types = (of: readonly { dtype: number }[]) => Int32Array.from(of, ({ dtype }) => dtype);
        c.TF_SetAttrTypeList(node, cName("Tin"), types(values), values.length);
        c.TF_SetAttrTypeList(node, cName("Tout"), types(returned), returned.length);
        const name = cName(callee.name);
        c.TF_SetAttrFuncName(node, cName("f"), name, BigInt(name.length - 1));
        if (callee.kernel) setAttributes(this.eager.library, { node }, [MUST_COMPILE]);
        for (const variable of written.values()) variable.orderAfterRecent(node);
      },
      inputs: () => describe(values),
    });
    for (const variable of written.values()) variable.written(operation);
    const results = returned.map((result, index) => this.#register(this.#graph.output(operation, index, result)));
    return callee.outputs.map((output) =>
      output.donate === undefined ? results.shift()! : this.#valueOf(written.get(output.donate)!, output)
    );
  }

  // The current value of a variable, read when it is first used.
  #valueOf(variable: Variable, { shape, dtype }: Omit<Metadata, "id">): Metadata {
    const value = this.#register({ shape, dtype, make: () => variable.read({ shape, dtype }) });
    this.#variables.set(value.id, variable);
    variable.valueId = value.id;
    return value;
  }

  // Its value so far may be used later.
  #readBeforeWrite({ valueId }: Variable): void {
    if (this.has(valueId!)) this.#value(valueId!);
  }

  /**
   * Ends the recording: the graph as a function of its arguments, in their order. `donate` gives for each output the
   * argument whose place it takes; if that argument is a variable, the output is written to it.
   */
  finish(
    name: string,
    { outputs, donate, kernel }: {
      readonly outputs: readonly number[];
      readonly donate: readonly (number | undefined)[];
      readonly kernel: boolean;
    },
  ): NativeFunction {
    const results: Output[] = [];
    const signature = outputs.map((id, index): FunctionOutput => {
      const { shape, dtype } = this.#values.get(id) ?? this.#value(id);
      const variable = this.#arguments[donate[index] ?? -1]?.variable;
      if (variable) {
        if (this.#variables.get(id) !== variable) {
          this.#readBeforeWrite(variable);
          variable.assign(this.#value(id));
        }
        return { shape, dtype, donate: donate[index]! };
      }
      // An output that is an argument or a constant, or that appears twice, gets a node of its own.
      const identity = { attributes: [typed("T", dtype)], values: [this.#value(id)], outputs: 1 };
      results.push(...this.#op("Identity", identity));
      return { shape, dtype };
    });
    const pointer = this.#graph.toFunction(name, this.#arguments.map(({ handle }) => handle), results);
    this.eager.addFunction(name, pointer);
    return { name, pointer, kernel, outputs: signature };
  }

  dispose(): void {
    this.#graph.dispose();
    this.#values.clear();
  }

  // The node of a tensor. Tensors from outside the recorded code are constants.
  #value(id: number): Output {
    const value = this.#values.get(id);
    if (value && !("make" in value)) return value;
    if (!value) {
      const { shape, dtype } = this.eager.metadata(id);
      return this.#value(this.constant(shape, dtype, this.eager.read(id)));
    }
    const output = value.make();
    this.#values.set(id, output);
    return output;
  }

  #register(value: Output | LazyNode): Metadata {
    const id = nextId();
    this.#values.set(id, value);
    return { id, shape: [...value.shape], dtype: value.dtype };
  }
}
