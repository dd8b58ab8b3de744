/**
 * Functions compiled for the shapes they are called with.
 *
 * @module
 */
import { type JitOptions, KERNEL_SIZE, messageOf, type TensorFunction, tf } from "@opf/framework";
import type { Eager, Metadata } from "./_eager.ts";
import { TYPE } from "./_ffi.ts";
import { MUST_COMPILE, type NativeFunction, UntraceableError } from "./_functions.ts";
import { Recorder } from "./_graph.ts";
import type { KernelBackend, Target } from "./_kernels.ts";

/** Who is told what a {@linkcode Compiler} does. */
export interface CompilerOptions {
  readonly note: (message: string) => void;
  /** A function, and what it calls, has just been compiled. */
  readonly compiled: () => void;
  /** The library's products are faster than those of a kernel. */
  readonly productsAlone: boolean;
}

/** Sends ops to the graph that is being recorded, or runs them; compiles functions. */
export class Compiler {
  readonly #recorders: Recorder[] = [];
  #functions = 0;
  #backend!: KernelBackend;

  constructor(readonly eager: Eager, readonly options: CompilerOptions) {}

  /** The binding that TensorFlow.js's kernels call. */
  readonly target: Target = {
    createTensor: (shape, dtype, values) => {
      const number = typeof dtype === "string" ? TYPE[dtype as "float32"] : dtype;
      const recorder = this.#recorders.at(-1);
      return recorder ? recorder.constant(shape, number, values) : this.eager.create(shape, number, values);
    },
    deleteTensor: (id) => {
      this.eager.delete(id);
      for (const recorder of this.#recorders) recorder.delete(id);
    },
    tensorDataSync: (id) => {
      if (this.#recorders.some((recorder) => recorder.has(id))) {
        throw new UntraceableError("it reads a tensor's values");
      }
      return this.eager.read(id);
    },
    executeOp: (name, attributes, inputs, outputs) =>
      (this.#recorders.at(-1) ?? this.eager).execute(name, attributes, inputs, outputs),
    getNumOfTensors: () => this.eager.size,
  };

  attach(backend: KernelBackend): void {
    this.#backend = backend;
  }

  /** Of a tensor that was made by adding up in zeros, in what is being recorded, the values and where each was added. */
  addends(tensor: tf.Tensor): tf.Tensor[] | undefined {
    const [id] = this.#backend.getInputTensorIds([tensor]);
    return this.#recorders.at(-1)?.addends(id!)?.map((made) => this.#backend.createOutputTensor(made));
  }

  jit(
    compute: TensorFunction,
    { name = compute.name || "function", kernel: asked = false, products = false, donate = [] }: JitOptions = {},
  ): TensorFunction {
    const kernel = asked && !(products && this.options.productsAlone);
    const taken = new Set(donate.filter((at) => at !== undefined));
    const compiled = new Map<string, NativeFunction | "as it is">();
    return (...inputs) => {
      const recording = this.#recorders.length > 0;
      // A gradient needs to see every operation; a graph takes up the operations of another.
      if (tapeIsOn() || (recording && !kernel)) return compute(...inputs);
      const ids = this.#backend.getInputTensorIds(inputs);
      const variables = new Set(taken.values().filter((at) => this.#becomesVariable(inputs[at]!, ids[at]!)));
      const signature = inputs.map(({ dtype, shape }, at) => `${variables.has(at) ? "&" : ""}${dtype}[${shape}]`)
        .join();
      const known = compiled.get(signature);
      const found = known ?? this.#compile(compute, { inputs, name, kernel, donate, variables });
      compiled.set(signature, found);
      const outputs = found === "as it is" ? compute(...inputs) : this.#call(found, { inputs, ids });
      if (!known && !recording) this.options.compiled();
      return outputs;
    };
  }

  // Small tensors are not worth it.
  #becomesVariable({ size, dtype }: tf.Tensor, id: number): boolean {
    const recorder = this.#recorders.at(-1);
    return recorder ? recorder.isVariable(id) : size >= KERNEL_SIZE && dtype === "float32";
  }

  #compile(
    compute: TensorFunction,
    { inputs, name, kernel, donate, variables }: {
      readonly inputs: readonly tf.Tensor[];
      readonly name: string;
      readonly kernel: boolean;
      readonly donate: readonly (number | undefined)[];
      readonly variables: ReadonlySet<number>;
    },
  ): NativeFunction | "as it is" {
    const recorder = new Recorder(this.eager);
    this.#recorders.push(recorder);
    try {
      tf.engine().startScope(name);
      const given = inputs.map(({ shape, dtype }, at) => {
        const argument = recorder.argument(shape, TYPE[dtype as "float32"], { variable: variables.has(at) });
        return this.#backend.createOutputTensor(argument);
      });
      const outputs = this.#backend.getInputTensorIds(compute(...given));
      if (kernel && !recorder.isKernel) {
        this.options.note(`"${name}" adds up rows twice, so it is not made one kernel.`);
      }
      return recorder.finish(`${name.replace(/\W/g, "_")}_${this.#functions++}`, {
        outputs,
        donate,
        kernel: kernel && recorder.isKernel,
      });
    } catch (error) {
      if (!(error instanceof UntraceableError)) throw error;
      this.options.note(`"${name}" cannot be compiled (${messageOf(error)}); it runs uncompiled, which is slower.`);
      return "as it is";
    } finally {
      tf.engine().endScope();
      this.#recorders.pop();
      recorder.dispose();
    }
  }

  #call(
    callee: NativeFunction,
    { inputs, ids }: { readonly inputs: readonly tf.Tensor[]; readonly ids: readonly number[] },
  ): tf.Tensor[] {
    const recorder = this.#recorders.at(-1);
    const outputs = recorder ? recorder.call(callee, ids) : this.#run(callee, { inputs, ids });
    return outputs.map((output) => this.#backend.createOutputTensor(output));
  }

  #run(
    { name, kernel, outputs }: NativeFunction,
    { inputs, ids }: { readonly inputs: readonly tf.Tensor[]; readonly ids: readonly number[] },
  ): Metadata[] {
    const given = [...ids];
    const seen = new Set<number>();
    const twice = new Set(ids.filter((id) => seen.has(id) || !seen.add(id)));
    for (const { donate: at } of outputs) {
      if (at === undefined) continue;
      const shared = twice.has(ids[at]!) || this.#backend.refCount(inputs[at]!.dataId) > 1; // by clones
      given[at] = this.eager.toVariable(ids[at]!, { givenUp: !shared });
    }
    const returned = outputs.filter(({ donate }) => donate === undefined);
    const found = this.eager.execute(name, kernel ? [MUST_COMPILE] : [], given, returned.length);
    return outputs.map(({ donate: at, shape, dtype }) =>
      at === undefined ? found.shift()! : { id: this.eager.adoptVariable(given[at]!), shape, dtype }
    );
  }
}

// Whether a gradient is being recorded at this point of the code.
function tapeIsOn(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}
