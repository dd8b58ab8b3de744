/**
 * Functions compiled for the shapes they are called with.
 *
 * @module
 */
import { type JitOptions, messageOf, type TensorFunction, tf } from "@opf/framework";
import type { Eager } from "./_eager.ts";
import { TYPE } from "./_ffi.ts";
import { MUST_COMPILE, type NativeFunction, Recorder, UntraceableError } from "./_graph.ts";
import type { KernelBackend, Target } from "./_kernels.ts";

/** Who is told what a {@linkcode Compiler} does. */
export interface CompilerOptions {
  readonly note: (message: string) => void;
  /** A function, and what it calls, has just been compiled. */
  readonly compiled: () => void;
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

  jit(compute: TensorFunction, { name = compute.name || "function", kernel = false }: JitOptions = {}): TensorFunction {
    const compiled = new Map<string, NativeFunction | "as it is">();
    return (...inputs) => {
      const recording = this.#recorders.length > 0;
      // A gradient needs to see every operation; a graph takes up the operations of another.
      if (tapeIsOn() || (recording && !kernel)) return compute(...inputs);
      const signature = inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`).join();
      const known = compiled.get(signature);
      const found = known ?? this.#compile(compute, { inputs, name, kernel });
      compiled.set(signature, found);
      const outputs = found === "as it is" ? compute(...inputs) : this.#call(found, inputs);
      if (!known && !recording) this.options.compiled();
      return outputs;
    };
  }

  #compile(
    compute: TensorFunction,
    { inputs, name, kernel }: { inputs: readonly tf.Tensor[]; name: string; kernel: boolean },
  ): NativeFunction | "as it is" {
    const recorder = new Recorder(this.eager);
    this.#recorders.push(recorder);
    try {
      tf.engine().startScope(name);
      const given = inputs.map(({ shape, dtype }) =>
        this.#backend.createOutputTensor(recorder.placeholder(shape, TYPE[dtype as "float32"]))
      );
      const outputs = this.#backend.getInputTensorIds(compute(...given));
      return recorder.finish(`${name.replace(/\W/g, "_")}_${this.#functions++}`, { outputs, kernel });
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

  #call(callee: NativeFunction, inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const ids = this.#backend.getInputTensorIds(inputs);
    const outputs = this.#recorders.at(-1)?.call(callee, ids) ??
      this.eager.execute(callee.name, callee.kernel ? [MUST_COMPILE] : [], ids, callee.outputs.length);
    return outputs.map((output) => this.#backend.createOutputTensor(output));
  }
}

// Whether a gradient is being recorded at this point of the code.
function tapeIsOn(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}
