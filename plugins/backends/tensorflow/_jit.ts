/**
 * Functions compiled for the shapes of their inputs.
 *
 * @module
 */
import { checkDonation, type JitOptions, KERNEL_SIZE, messageOf, type TensorFunction, tf } from "@opf/framework";
import { TYPE } from "./_c_api/ffi.ts";
import type { Eager, Metadata } from "./_eager.ts";
import { MUST_COMPILE, type NativeFunction, UntraceableError } from "./_graph/functions.ts";
import { Recorder } from "./_graph/recorder.ts";
import type { KernelBackend, Target } from "./_kernels/register.ts";

/** Callbacks of a {@linkcode Compiler}. */
export interface CompilerOptions {
  readonly note: (message: string) => void;
  /** Called when a function, and all that it calls, has been compiled. */
  readonly onCompiled: () => void;
}

/** How this backend compiles a function. */
export interface CompileOptions extends JitOptions {
  /** Whether XLA makes one kernel of it. @default if it is called inside another compiled function */
  readonly kernel?: boolean;
}

interface CompileRequest {
  readonly inputs: readonly tf.Tensor[];
  readonly name: string;
  readonly kernel: boolean;
  readonly donate: readonly (number | undefined)[];
  /** Indices of the arguments that are variables. */
  readonly variables: ReadonlySet<number>;
}

/** Sends ops to the graph that is being recorded, or runs them; compiles functions. */
export class Compiler {
  readonly #recorders: Recorder[] = [];
  #functionCount = 0;
  #backend!: KernelBackend;

  constructor(readonly eager: Eager, readonly options: CompilerOptions) {}

  /** The binding that TensorFlow.js's kernels call. */
  readonly target: Target = {
    createTensor: (shape, dtype, values) => {
      const type = typeof dtype === "string" ? TYPE[dtype as "float32"] : dtype;
      const recorder = this.#recorders.at(-1);
      return recorder ? recorder.constant(shape, type, values) : this.eager.create(shape, type, values);
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

  /** The function compiled: recorded at its first call for each combination of shapes, then run by TensorFlow. */
  jit(
    compute: TensorFunction,
    { name = compute.name || "function", donate = [], ...options }: CompileOptions = {},
  ): TensorFunction {
    const donated = new Set(donate.filter((index) => index !== undefined));
    const cache = new Map<string, NativeFunction | "uncompiled">();
    return (...inputs) => {
      const isRecording = this.#recorders.length > 0;
      const { kernel = isRecording } = options;
      // A gradient needs to see every operation, and a graph includes those of a function that is no kernel.
      if (isTapeOn() || (isRecording && !kernel)) return compute(...inputs);
      const ids = this.#backend.getInputTensorIds(inputs);
      const variables = new Set(donated.values().filter((index) => this.#canBeVariable(inputs[index], ids[index]!)));
      const types = inputs.map(({ dtype, shape }, index) => `${variables.has(index) ? "&" : ""}${dtype}[${shape}]`);
      const signature = [kernel, ...types].join();
      const cached = cache.get(signature);
      const callee = cached ?? this.#compile(compute, { inputs, name, kernel, donate, variables });
      cache.set(signature, callee);
      const outputs = callee === "uncompiled" ? compute(...inputs) : this.#call(callee, { inputs, ids });
      if (!cached && !isRecording) this.options.onCompiled();
      return outputs;
    };
  }

  // For small tensors a variable costs more than it saves.
  #canBeVariable(tensor: tf.Tensor | undefined, id: number): boolean {
    const recorder = this.#recorders.at(-1);
    if (!tensor || recorder) return recorder?.isVariable(id) ?? false;
    return tensor.size >= KERNEL_SIZE && tensor.dtype === "float32";
  }

  #compile(
    compute: TensorFunction,
    { inputs, name, kernel, donate, variables }: CompileRequest,
  ): NativeFunction | "uncompiled" {
    const recorder = new Recorder(this.eager);
    this.#recorders.push(recorder);
    try {
      tf.engine().startScope(name);
      const placeholders = inputs.map(({ shape, dtype }, index) => {
        const variable = variables.has(index);
        return this.#backend.createOutputTensor(recorder.argument(shape, TYPE[dtype as "float32"], { variable }));
      });
      const results = compute(...placeholders);
      checkDonation(name, { donate, inputs, outputs: results });
      const outputs = this.#backend.getInputTensorIds(results);
      if (kernel && !recorder.isKernel) {
        this.options.note(`"${name}" scatters more than once, so it is not compiled into one kernel.`);
      }
      return recorder.finish(`${name.replace(/\W/g, "_")}_${this.#functionCount++}`, {
        outputs,
        donate,
        kernel: kernel && recorder.isKernel,
      });
    } catch (error) {
      if (!(error instanceof UntraceableError)) throw error;
      this.options.note(`"${name}" cannot be compiled (${messageOf(error)}); it runs uncompiled, which is slower.`);
      return "uncompiled";
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
    const args = [...ids];
    const seen = new Set<number>();
    const repeated = new Set(ids.filter((id) => seen.has(id) || !seen.add(id)));
    for (const { donate } of outputs) {
      if (donate === undefined) continue;
      const isShared = repeated.has(ids[donate]!) || this.#backend.refCount(inputs[donate]!.dataId) > 1; // by clones
      args[donate] = this.eager.toVariable(ids[donate]!, { consume: !isShared });
    }
    const returned = outputs.filter(({ donate }) => donate === undefined);
    const results = this.eager.execute(name, kernel ? [MUST_COMPILE] : [], args, returned.length);
    return outputs.map(({ donate, shape, dtype }) =>
      donate === undefined ? results.shift()! : { id: this.eager.adoptVariable(args[donate]!), shape, dtype }
    );
  }
}

// Whether TensorFlow.js is recording a gradient here.
function isTapeOn(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}
