/**
 * Ops recorded into a graph instead of being run, and graphs made into functions.
 *
 * @module
 */
import { ATTRIBUTE, type Attribute, setAttributes, typed } from "./_attributes.ts";
import { describe, type Eager, type Metadata, nextId, type Values } from "./_eager.ts";
import { cName, type Pointer, TYPE } from "./_ffi.ts";
import { type FunctionOutput, MUST_COMPILE, type NativeFunction, type Output } from "./_functions.ts";
import { Graph } from "./_nodes.ts";

// Ops that take a list: how many of their last inputs stand outside it.
const LIST_INPUTS: Record<string, number> = { AddN: 0, Pack: 0, Einsum: 0, ConcatV2: 1 };

/** What becomes a node when it is first used: every node takes time in each call, also one that nobody uses. */
interface LazyNode extends Omit<Metadata, "id"> {
  readonly make: () => Output;
  /** Of a constant. */
  readonly values?: Values;
}

/** A variable that a graph is given. */
interface Variable {
  readonly handle: Output;
  /** The operations that it was last read and written by. */
  readonly touched: Pointer[];
  /** What it holds since it was last written, by number. */
  held?: number;
}

/** One graph under construction. */
export class Recorder {
  readonly #graph: Graph;
  readonly #values = new Map<number, Output | LazyNode>();
  readonly #arguments: { readonly handle: Output; readonly variable?: Variable }[] = [];
  // Tensors that are what a variable holds.
  readonly #variables = new Map<number, Variable>();
  // What was added up in zeros: values, and where each was added.
  readonly #sums = new Map<number, readonly [values: Output, ids: Output]>();
  // Constants of few integers, and reshaped values: what was made once is not made again.
  readonly #made = new Map<string, Output>();

  /** @param eager where tensors lie that are read as constants */
  constructor(readonly eager: Eager) {
    this.#graph = new Graph(eager.library);
  }

  has(id: number): boolean {
    return this.#values.has(id);
  }

  delete(id: number): void {
    this.#values.delete(id);
  }

  /** An argument of the function; of a variable, what it holds. */
  argument(shape: readonly number[], dtype: number, { variable = false } = {}): Metadata {
    const [handle] = this.#graph.node("Placeholder", {
      outputs: 1,
      describe: (node) =>
        setAttributes(this.eager.library, { node }, [
          typed("dtype", variable ? TYPE.resource : dtype),
          { name: "shape", type: ATTRIBUTE.shape, value: variable ? [] : shape },
        ]),
    }) as [Output];
    if (!variable) {
      this.#arguments.push({ handle });
      return this.#named(handle);
    }
    const own: Variable = { handle, touched: [] };
    this.#arguments.push({ handle, variable: own });
    return this.#read(own, { shape: [...shape], dtype });
  }

  /** Whether XLA can make one kernel of it: two scatters at the same places, made one loop, end the process. */
  get isKernel(): boolean {
    return this.#graph.scatters < 2;
  }

  /** Whether a tensor is what a variable holds, so that a function may write to it. */
  isVariable(id: number): boolean {
    return this.#variables.has(id);
  }

  constant(shape: readonly number[], dtype: number, values: Values): number {
    const isFewIntegers = dtype === TYPE.int32 && values.length <= 8; // as shapes and axes are
    if (!isFewIntegers) return this.#named(this.#graph.constant({ shape, dtype, values })).id;
    const tensor = { shape: [...shape], dtype, values: Int32Array.from(values as Int32Array) };
    const make = () => this.#once(`${shape}: ${tensor.values}`, () => this.#graph.constant(tensor));
    return this.#named({ ...tensor, make }).id;
  }

  /** Records an op on tensors of this graph, or on constants. */
  execute(name: string, attributes: readonly Attribute[], inputs: readonly number[], outputs: number): Metadata[] {
    if (name === "Reshape") return [this.#named(this.#reshape(attributes, inputs as [number, number]))];
    const values = inputs.map((id) => this.#value(id));
    const made = this.#op(name, { attributes, values, outputs }).map((output) => this.#named(output));
    if (name === "UnsortedSegmentSum") this.#sums.set(made[0]!.id, [values[0]!, values[1]!]);
    return made;
  }

  #op(name: string, { attributes, values, outputs }: {
    readonly attributes: readonly Attribute[];
    readonly values: readonly Output[];
    readonly outputs: number;
  }): Output[] {
    const outside = LIST_INPUTS[name];
    return this.#graph.node(name, {
      outputs,
      describe: (node) => {
        setAttributes(this.eager.library, { node }, attributes);
        this.#graph.addInputs(node, values, outside === undefined ? 0 : values.length - outside);
      },
      inputs: () => describe(values),
    });
  }

  // Of what was reshaped already the first is reshaped, to its own shape not at all.
  #reshape(attributes: readonly Attribute[], [id, shape]: readonly [number, number]): Output {
    const given = this.#value(id), first = given.reshapes ?? given;
    const known = this.#values.get(shape);
    const make = () => this.#op("Reshape", { attributes, values: [first, this.#value(shape)], outputs: 1 })[0]!;
    if (!known || !("values" in known)) return make();
    if (`${known.values}` === `${first.shape}`) return first;
    return this.#once(`${first.bytes} as ${known.values}`, () => ({ ...make(), reshapes: first }));
  }

  #once(key: string, make: () => Output): Output {
    return this.#made.getOrInsertComputed(key, make);
  }

  /** Of what was added up in zeros, the values and where each was added. */
  addends(id: number): Metadata[] | undefined {
    return this.#sums.get(id)?.map((output) => this.#named(output));
  }

  /** Records a call of a function. Arguments that it writes to are to be variables. */
  call(callee: NativeFunction, inputs: readonly number[]): Metadata[] {
    const { c } = this.eager.library;
    const written = new Map(
      callee.outputs.flatMap(({ donate }) =>
        donate === undefined ? [] : [[donate, this.#variables.get(inputs[donate]!)!]]
      ),
    );
    for (const variable of written.values()) this.#beforeWriting(variable);
    const values = inputs.map((id, at) => written.get(at)?.handle ?? this.#value(id));
    const given = callee.outputs.filter(({ donate }) => donate === undefined);
    this.#graph.take(callee);
    const operation = this.#graph.operation("StatefulPartitionedCall", {
      describe: (node) => {
        this.#graph.addInputs(node, values, values.length);
        const types = (of: readonly { dtype: number }[]) => Int32Array.from(of, ({ dtype }) => dtype);
        c.TF_SetAttrTypeList(node, cName("Tin"), types(values), values.length);
        c.TF_SetAttrTypeList(node, cName("Tout"), types(given), given.length);
        const name = cName(callee.name);
        c.TF_SetAttrFuncName(node, cName("f"), name, BigInt(name.length - 1));
        if (callee.kernel) setAttributes(this.eager.library, { node }, [MUST_COMPILE]);
        for (const variable of written.values()) this.#after(variable, node);
      },
      inputs: () => describe(values),
    });
    for (const { touched } of written.values()) touched.splice(0, touched.length, operation);
    const returned = given.map((known, number) => this.#named(this.#graph.output(operation, number, known)));
    return callee.outputs.map((output) =>
      output.donate === undefined ? returned.shift()! : this.#read(written.get(output.donate)!, output)
    );
  }

  // What a variable holds, after what was recorded until now.
  #read(variable: Variable, { shape, dtype }: Omit<Metadata, "id">): Metadata {
    const make = () => {
      const operation = this.#graph.operation("ReadVariableOp", {
        describe: (node) => {
          this.#graph.addInputs(node, [variable.handle], 0);
          setAttributes(this.eager.library, { node }, [typed("dtype", dtype)]);
          this.#after(variable, node);
        },
      });
      variable.touched.push(operation);
      const output = this.#graph.output(operation, 0, { shape, dtype });
      this.#graph.tellShape(output);
      return output;
    };
    const value = this.#named({ shape, dtype, make });
    this.#variables.set(value.id, variable);
    variable.held = value.id;
    return value;
  }

  // What it holds until then may be used afterwards.
  #beforeWriting({ held }: Variable): void {
    if (this.has(held!)) this.#value(held!);
  }

  #write(variable: Variable, value: Output): void {
    this.#beforeWriting(variable);
    this.#graph.operation("AssignVariableOp", {
      describe: (node) => {
        this.#graph.addInputs(node, [variable.handle, value], 0);
        setAttributes(this.eager.library, { node }, [typed("dtype", value.dtype)]);
        this.#after(variable, node);
      },
    });
  }

  #after({ touched }: Variable, node: Pointer): void {
    for (const operation of touched) this.eager.library.c.TF_AddControlInput(node, operation);
  }

  /**
   * Ends the recording: the graph as a function of its arguments, in their order. `donate` says of outputs whose place
   * they take; where that argument is a variable, they are written to it.
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
    const computed = outputs.map((id, at): FunctionOutput => {
      const { shape, dtype } = this.#values.get(id) ?? this.#value(id);
      const variable = this.#arguments[donate[at] ?? -1]?.variable;
      if (variable) {
        if (this.#variables.get(id) !== variable) this.#write(variable, this.#value(id));
        return { shape, dtype, donate: donate[at]! };
      }
      // An output that is an argument or a constant, or comes twice, gets a node of its own.
      const own = { attributes: [typed("T", dtype)], values: [this.#value(id)], outputs: 1 };
      results.push(...this.#op("Identity", own));
      return { shape, dtype };
    });
    const pointer = this.#graph.toFunction(name, this.#arguments.map(({ handle }) => handle), results);
    this.eager.add(name, pointer);
    return { name, pointer, kernel, outputs: computed };
  }

  dispose(): void {
    this.#graph.dispose();
    this.#values.clear();
  }

  // Tensors with values, found in the code that is recorded, are its constants.
  #value(id: number): Output {
    const known = this.#values.get(id);
    if (known && !("make" in known)) return known;
    if (!known) {
      const { shape, dtype } = this.eager.metadata(id);
      return this.#value(this.constant(shape, dtype, this.eager.read(id)));
    }
    const made = known.make();
    this.#values.set(id, made);
    return made;
  }

  #named(value: Output | LazyNode): Metadata {
    const id = nextId();
    this.#values.set(id, value);
    return { id, shape: [...value.shape], dtype: value.dtype };
  }
}
