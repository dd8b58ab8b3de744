/**
 * Functions traced once for the shapes they are called with, and run as one program.
 *
 * @module
 */
import { type JitOptions, messageOf, type TensorFunction, tf } from "@opf/framework";
import { UntraceableError, type XlaBackend } from "./_backend.ts";
import type { Executable } from "./_executable.ts";
import { LazyNode } from "./_node.ts";
import { programOf } from "./_program.ts";
import { elementType } from "./_types.ts";

// Known values of so many elements are part of a compiled function; larger ones are arguments that it keeps.
const LARGEST_LITERAL = 16;

/** A traced function. */
interface Compiled {
  readonly executable: Executable;
  /** Values found in the function, which are arguments after its own. */
  readonly captured: readonly LazyNode[];
  readonly outputs: readonly Pick<LazyNode, "type" | "shape">[];
  /** The arguments that are given up. */
  readonly donated: ReadonlySet<number>;
}

/** Compiles functions of tensors. */
export class Compiler {
  readonly #backend: XlaBackend;
  readonly #note: (message: string) => void;

  constructor(backend: XlaBackend, note: (message: string) => void) {
    this.#backend = backend;
    this.#note = note;
  }

  /** See `Engine.jit`. */
  jit(compute: TensorFunction, options: JitOptions = {}): TensorFunction {
    const { name = compute.name || "function" } = options;
    const compiled = new Map<string, Compiled | "as it is">();
    return (...inputs) => {
      // A gradient needs to see every operation, and a program takes up the statements of another.
      if (tapeIsOn() || this.#backend.traces.length > 0) return compute(...inputs);
      const signature = inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`).join();
      let found = compiled.get(signature);
      if (!found) compiled.set(signature, found = this.#compile(compute, inputs, { ...options, name }));
      return found === "as it is" ? runAsItIs(compute, inputs) : this.#run(found, inputs);
    };
  }

  #compile(
    compute: TensorFunction,
    inputs: readonly tf.Tensor[],
    { name, donate = [], precision = "float32" }: JitOptions & { readonly name: string },
  ): Compiled | "as it is" {
    const { runtime, traces } = this.#backend;
    const parameters = inputs.map(({ shape, dtype }) =>
      new LazyNode({ type: elementType(dtype), shape, isTraced: true })
    );
    traces.push({ name, precision });
    tf.engine().startScope(name);
    const outputs: LazyNode[] = [];
    try {
      const given = parameters.map((node) => this.#tensorOf(node));
      outputs.push(...compute(...given).map((tensor) => this.#backend.nodeOf(tensor)));
      for (const node of outputs) node.hold(); // past the end of the scope
    } catch (error) {
      if (!(error instanceof UntraceableError)) throw error;
      this.#note(`"${name}" cannot be compiled (${messageOf(error)}); it runs uncompiled, which is slower.`);
      return "as it is";
    } finally {
      tf.engine().endScope();
      traces.pop();
    }
    const program = programOf(outputs, { parameters, donate: donate, largestLiteral: LARGEST_LITERAL });
    const captured = program.parameters.slice(parameters.length);
    for (const node of captured) node.hold(); // as long as the function lives
    for (const node of outputs) node.release();
    return {
      executable: runtime.load(program.text),
      captured,
      outputs: outputs.map(({ type, shape }) => ({ type, shape })),
      donated: new Set(donate.filter((index) => index !== undefined)),
    };
  }

  #run({ executable, captured, outputs, donated }: Compiled, inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const { runtime } = this.#backend;
    // A tensor that shows its data in another shape than it has is an array of its own here.
    const nodes = inputs.map((input) => this.#backend.nodeOf(input));
    const own = nodes.filter((node, index) => node !== this.#backend.storedNode(inputs[index]!.dataId));
    for (const node of own) node.hold();
    runtime.evaluate(nodes.filter((node) => node.isPending));
    const buffers = [...nodes, ...captured].map((node) => runtime.bufferOf(node));
    const keep = [...donated].filter((index) => {
      const node = nodes[index]!;
      return !node.isUnshared || nodes.indexOf(node) !== nodes.lastIndexOf(node);
    });
    const results = runtime.run(executable, buffers, keep);
    for (const index of donated) if (!keep.includes(index)) nodes[index]!.donate();
    for (const node of own) node.release();
    return outputs.map(({ type, shape }, index) =>
      this.#tensorOf(new LazyNode({ type, shape, buffer: results[index]! }))
    );
  }

  #tensorOf(node: LazyNode): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.#backend.infoOf(node));
  }
}

// What is made in between is freed, and outputs are tensors of their own even where they are an argument, or one twice.
function runAsItIs(compute: TensorFunction, inputs: readonly tf.Tensor[]): tf.Tensor[] {
  return tf.tidy(() => {
    const outputs = compute(...inputs);
    const own = new Set(tf.engine().state.activeScope.track);
    return outputs.map((output) => own.delete(output) ? output : tf.clone(output));
  });
}

// Whether a gradient is being recorded at this point of the code.
function tapeIsOn(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}
