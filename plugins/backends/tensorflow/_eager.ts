/**
 * Tensors, and ops that run immediately. Tensors are known by ids, as TensorFlow.js's kernels expect.
 *
 * @module
 */
import { ATTRIBUTE, type Attribute, setAttributes, typed } from "./_c_api/attributes.ts";
import { cName, type Library, type Pointer, TYPE } from "./_c_api/ffi.ts";

/** A tensor without its values. */
export interface Metadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** Values of a new tensor. */
export type Values = Float32Array | Int32Array | Uint8Array | BigInt64Array | readonly number[] | readonly boolean[];

const TEXT_BYTES = 24n; // of a TF_TString

let lastId = 0;
/** A new tensor id. Ids are never reused, so that a tensor of a graph is never mistaken for one with values. */
export const nextId = () => ++lastId;

/** Shapes and types of tensors for messages: `float32[2,3], int32[]`. */
export function describe(tensors: readonly Pick<Metadata, "shape" | "dtype">[]): string {
  const name = (dtype: number) => Object.entries(TYPE).find(([, type]) => type === dtype)?.[0] ?? `type ${dtype}`;
  return tensors.map(({ shape, dtype }) => `${name(dtype)}[${shape}]`).join(", ");
}

/** Runs ops in a context of TensorFlow's eager runtime. */
export class Eager {
  readonly #handles = new Map<number, Pointer>();
  // Tensors whose values are stored in a variable: the id of its handle.
  readonly #variables = new Map<number, number>();

  constructor(readonly library: Library, readonly context: Pointer) {}

  /** The number of live tensors. */
  get size(): number {
    return this.#handles.size;
  }

  has(id: number): boolean {
    return this.#handles.has(id) || this.#variables.has(id);
  }

  create(shape: readonly number[], dtype: number, values: Values): number {
    const { c, status, check } = this.library;
    const tensor = nativeTensor(this.library, { shape, dtype, values });
    const handle = c.TFE_NewTensorHandle(tensor, status);
    c.TF_DeleteTensor(tensor);
    check(() => `Creating a tensor ${describe([{ shape: [...shape], dtype }])}`);
    return this.adopt(handle!).id;
  }

  /** A string scalar, for the ops that write files. */
  createText(value: string): number {
    const { c, status, check } = this.library;
    const tensor = c.TF_AllocateTensor(TYPE.string, new BigInt64Array(), 0, TEXT_BYTES)!;
    const bytes = new TextEncoder().encode(value);
    c.TF_StringInit(c.TF_TensorData(tensor));
    c.TF_StringCopy(c.TF_TensorData(tensor), bytes, BigInt(bytes.length));
    const handle = c.TFE_NewTensorHandle(tensor, status);
    c.TF_DeleteTensor(tensor);
    check(() => "Creating a string tensor");
    return this.adopt(handle!).id;
  }

  /** Takes ownership of a handle from TensorFlow. */
  adopt(handle: Pointer): Metadata {
    const id = nextId();
    this.#handles.set(id, handle);
    return { id, ...this.#describe(handle) };
  }

  metadata(id: number): Metadata {
    return this.#with(id, (handle) => ({ id, ...this.#describe(handle) }));
  }

  #describe(handle: Pointer): { shape: number[]; dtype: number } {
    const { c, status, check } = this.library;
    const rank = c.TFE_TensorHandleNumDims(handle, status);
    check(() => "Getting the rank of a tensor");
    const shape = new Array<number>(rank);
    for (let axis = 0; axis < rank; axis++) shape[axis] = Number(c.TFE_TensorHandleDim(handle, axis, status));
    return { shape, dtype: c.TFE_TensorHandleDataType(handle) };
  }

  delete(id: number): void {
    const variable = this.#variables.get(id);
    if (variable !== undefined) {
      this.#variables.delete(id);
      this.execute("DestroyResourceOp", [], [variable], 0);
      return this.delete(variable);
    }
    const handle = this.#handles.get(id);
    if (!handle) return;
    this.library.c.TFE_DeleteTensorHandle(handle);
    this.#handles.delete(id);
  }

  /**
   * The id of a variable with the values of a tensor, which a function may write to. A tensor that is to be consumed gives
   * its memory to the variable and no longer has values; {@linkcode adoptVariable} makes the next tensor of it.
   */
  toVariable(id: number, { consume }: { consume: boolean }): number {
    const existing = this.#variables.get(id);
    if (existing !== undefined && consume) {
      this.#variables.delete(id);
      return existing;
    }
    const { shape, dtype } = this.metadata(id);
    const [variable] = this.execute(
      "VarHandleOp",
      [
        typed("dtype", dtype),
        { name: "shape", type: ATTRIBUTE.shape, value: shape },
        { name: "shared_name", type: ATTRIBUTE.string, value: `opf${nextId()}` },
      ],
      [],
      1,
    ) as [Metadata];
    this.execute("AssignVariableOp", [typed("dtype", dtype)], [variable.id, id], 0); // shares the tensor's memory
    if (consume) this.delete(id); // a function writes to a copy of memory that is shared
    return variable.id;
  }

  /** A tensor whose values are stored in a variable, which is destroyed with the tensor. */
  adoptVariable(variable: number): number {
    const id = nextId();
    this.#variables.set(id, variable);
    return id;
  }

  // Calls a function with the handle of a tensor, which is valid during the call.
  #with<T>(id: number, use: (handle: Pointer) => T): T {
    const variable = this.#variables.get(id);
    if (variable !== undefined) {
      const [value] = this.execute("ReadVariableOp", [typed("dtype", TYPE.float32)], [variable], 1) as [Metadata];
      try {
        return this.#with(value.id, use);
      } finally {
        this.delete(value.id);
      }
    }
    const handle = this.#handles.get(id);
    if (!handle) {
      throw new Error(
        "A tensor was used after it was disposed, or outside the compiled function that created it.",
      );
    }
    return use(handle);
  }

  /** A copy of the values of a tensor. */
  read(id: number): Float32Array | Int32Array | Uint8Array | BigInt64Array {
    const { c, status, check } = this.library;
    const tensor = this.#with(id, (handle) => c.TFE_TensorHandleResolve(handle, status));
    check(() => `Reading a tensor ${describe([this.metadata(id)])}`);
    const size = Number(c.TF_TensorByteSize(tensor));
    const dtype = c.TF_TensorType(tensor);
    const copy = new ArrayBuffer(size);
    if (size > 0) Deno.UnsafePointerView.copyInto(c.TF_TensorData(tensor)!, copy);
    c.TF_DeleteTensor(tensor);
    // Of a complex number its real and its imaginary part.
    if (dtype === TYPE.float32 || dtype === TYPE.complex64) return new Float32Array(copy);
    if (dtype === TYPE.int32 || dtype === TYPE.uint32) return new Int32Array(copy);
    if (dtype === TYPE.int64) return new BigInt64Array(copy);
    return new Uint8Array(copy);
  }

  /** Adds a function that can be executed by its name. */
  addFunction(name: string, pointer: Pointer): void {
    const { c, status, check } = this.library;
    c.TFE_ContextAddFunction(this.context, pointer, status);
    check(() => `Adding the function ${name}`);
  }

  /** Runs an op, or a function by its name. */
  execute(name: string, attributes: readonly Attribute[], inputs: readonly number[], outputs: number): Metadata[] {
    const { library: { c, status, check }, context } = this;
    const what = () => `${name}(${describe(inputs.map((id) => this.metadata(id)))})`;
    const op = c.TFE_NewOp(context, cName(name), status);
    check(() => `Creating the op ${name}`);
    try {
      setAttributes(this.library, { op: op! }, attributes);
      for (const id of inputs) {
        this.#with(id, (handle) => c.TFE_OpAddInput(op, handle, status));
        check(what);
      }
      const handles = new BigUint64Array(outputs);
      const count = new Int32Array([outputs]);
      c.TFE_Execute(op, handles, count, status);
      check(what);
      return Array.from(handles.subarray(0, count[0]), (address) => this.adopt(Deno.UnsafePointer.create(address)!));
    } finally {
      c.TFE_DeleteOp(op);
    }
  }
}

/** A tensor of the C API with these values, which the caller deletes. */
export function nativeTensor(
  { c }: Library,
  { shape, dtype, values }: { shape: readonly number[]; dtype: number; values: Values },
): Pointer {
  const array = typedValues(dtype, values);
  const dims = BigInt64Array.from(shape, BigInt);
  const tensor = c.TF_AllocateTensor(dtype, dims, shape.length, BigInt(array.byteLength))!;
  if (array.byteLength > 0) {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(c.TF_TensorData(tensor)!, array.byteLength)).set(bytes);
  }
  return tensor;
}

function typedValues(dtype: number, values: Values) {
  const numbers = values as ArrayLike<number>;
  switch (dtype) {
    case TYPE.float32:
      return values instanceof Float32Array ? values : Float32Array.from(numbers);
    case TYPE.int32:
      return values instanceof Int32Array ? values : Int32Array.from(numbers);
    case TYPE.int64: // TensorFlow.js passes 64-bit scalars as Int32Array
      return values instanceof BigInt64Array ? values : BigInt64Array.from(Array.from(numbers, BigInt));
    case TYPE.bool:
    case TYPE.uint8:
      return values instanceof Uint8Array ? values : Uint8Array.from(numbers);
    default:
      throw new Error(`A tensor of ${describe([{ shape: [], dtype }])} cannot be created from values.`);
  }
}
