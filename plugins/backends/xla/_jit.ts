/**
 * Functions traced once for the shapes they are called with, and run as one program.
 *
 * @module
 */
import { checkDonation, type JitOptions, messageOf, type TensorFunction, tf } from "@opf/framework";
import { UntraceableError, type XlaBackend } from "./_backend.ts";
import type { DeviceBuffer } from "./_pjrt/buffer.ts";
import type { Executable } from "./_pjrt/executable.ts";
import { LazyNode } from "./_stablehlo/node.ts";
import { programOf } from "./_stablehlo/program.ts";
import { elementType } from "./_stablehlo/types.ts";

// Known values of so many elements are part of a compiled function; larger ones are arguments that it keeps.
const LARGEST_LITERAL = 16;

// What a compiled function took along is freed with it.
const releasing = new FinalizationRegistry<readonly LazyNode[]>((captured) => {
  for (const node of captured) node.release();
});

/** A traced function. */
interface Compiled {
  readonly executable: Executable;
  /** Values found in the function, which are arguments after its own. */
  readonly captured: readonly LazyNode[];
  readonly outputs: readonly Pick<LazyNode, "type" | "shape">[];
  /** The arguments that are given up. */
  readonly donated: ReadonlySet<number>;
  /** Devices that run it together. */
  readonly devices: number;
  /** Arguments from this one on are split over the devices. */
  readonly firstSplit: number;
}

/** Compiles functions of tensors. */
export class Compiler {
  readonly #backend: XlaBackend;
  readonly #note: (message: string) => void;
  readonly #devices: number;

  /** @param options `devices`: how many run a function that splits arguments */
  constructor(backend: XlaBackend, { note, devices }: {
    readonly note: (message: string) => void;
    readonly devices: number;
  }) {
    this.#backend = backend;
    this.#note = note;
    this.#devices = devices;
  }

  /** See `Engine.jit`. */
  jit(compute: TensorFunction, options: JitOptions = {}): TensorFunction {
    const { name = compute.name || "function" } = options;
    const compiled = new Map<string, Compiled | "as it is">();
    return (...inputs) => {
      // A gradient needs to see every operation, and a program takes up the statements of another.
      if (tapeIsOn() || this.#backend.traces.length > 0) return compute(...inputs);
      const precision = options.precision ?? this.#backend.precision;
      return this.#backend.withPrecision(precision, () => {
        const signature = [precision, ...inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`)].join();
        let program = compiled.get(signature);
        if (!program) compiled.set(signature, program = this.#compile(compute, inputs, { ...options, name }));
        return program === "as it is" ? runAsItIs(compute, inputs) : this.#run(program, inputs);
      });
    };
  }

  #compile(
    compute: TensorFunction,
    inputs: readonly tf.Tensor[],
    { name, donate = [], split }: JitOptions & { readonly name: string },
  ): Compiled | "as it is" {
    const { runtime, traces } = this.#backend;
    const devices = split === undefined ? 1 : this.#devices;
    const firstSplit = inputs.length - (split ?? 0);
    const parameters = inputs.map(({ shape, dtype }, index) => {
      const partShape = index < firstSplit ? shape : partOf(shape, { devices, name });
      return new LazyNode({ type: elementType(dtype), shape: partShape, isTraced: true });
    });
    traces.push({ name, devices });
    tf.engine().startScope(name);
    const outputs: LazyNode[] = [];
    try {
      const given = parameters.map((node) => this.#tensorOf(node));
      const results = compute(...given);
      checkDonation(name, { donate, inputs, outputs: results });
      outputs.push(...results.map((tensor) => this.#backend.nodeOf(tensor)));
      for (const node of outputs) node.hold(); // past the end of the scope
    } catch (error) {
      if (!(error instanceof UntraceableError)) throw error;
      this.#note(`"${name}" cannot be compiled (${messageOf(error)}); it runs uncompiled, which is slower.`);
      return "as it is";
    } finally {
      tf.engine().endScope();
      traces.pop();
    }
    const program = programOf(outputs, { parameters, donate, largestLiteral: LARGEST_LITERAL, devices });
    const captured = program.parameters.slice(parameters.length);
    try {
      const compiled: Compiled = {
        executable: runtime.executable(program.text, { name, devices }),
        captured,
        outputs: outputs.map(({ type, shape }) => ({ type, shape })),
        donated: new Set(donate.filter((index) => index !== undefined)),
        devices,
        firstSplit,
      };
      for (const node of captured) node.hold();
      releasing.register(compiled, captured);
      return compiled;
    } finally {
      for (const node of outputs) node.release();
    }
  }

  #run(
    { executable, captured, outputs, donated, devices, firstSplit }: Compiled,
    inputs: readonly tf.Tensor[],
  ): tf.Tensor[] {
    const { runtime } = this.#backend;
    // A tensor that shows its data in another shape than it has is an array of its own here.
    const nodes = inputs.map((input) => this.#backend.nodeOf(input));
    const reshaped = nodes.filter((node, index) => node !== this.#backend.storedNode(inputs[index]!.dataId));
    for (const node of reshaped) node.hold();
    const parts: DeviceBuffer[] = [];
    try {
      runtime.evaluate(nodes.filter((node) => node.isPending));
      const arrays = [...nodes, ...captured].map((node, index) => {
        const isSplit = devices > 1 && index >= firstSplit && index < nodes.length;
        if (!isSplit) return runtime.copiesOf(node, devices);
        const own = runtime.partsOf(node, devices);
        parts.push(...own);
        return own;
      });
      const lists = Array.from({ length: devices }, (_, device) => arrays.map((copies) => copies[device]!));
      const seen = new Set<LazyNode>();
      const repeated = new Set(nodes.filter((node) => seen.has(node) || !seen.add(node)));
      const keep = [...donated].filter((index) => !nodes[index]!.isUnshared || repeated.has(nodes[index]!));
      const results = runtime.run(executable, lists, keep);
      for (const index of donated) if (!keep.includes(index)) nodes[index]!.donate();
      return outputs.map(({ type, shape }, index) =>
        this.#tensorOf(new LazyNode({ type, shape, buffer: results[index]! }))
      );
    } finally { // also where the device has no room: the next run of this process may fit
      for (const part of parts) part.destroy();
      for (const node of reshaped) node.release();
    }
  }

  #tensorOf(node: LazyNode): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.#backend.infoOf(node));
  }
}

/** The shape of a device's part of an argument. */
function partOf(
  [rows = 0, ...rest]: readonly number[],
  { devices, name }: { readonly devices: number; readonly name: string },
): number[] {
  if (rows > 0 && rows % devices === 0) return [rows / devices, ...rest];
  throw new Error(`"${name}" runs on ${devices} devices: expected a first axis that they divide, got ${rows} rows.`);
}

// What is made in between is freed, and outputs are tensors of their own even where they are an argument, or one twice.
function runAsItIs(compute: TensorFunction, inputs: readonly tf.Tensor[]): tf.Tensor[] {
  return tf.tidy(() => {
    const outputs = compute(...inputs);
    const made = new Set(tf.engine().state.activeScope.track);
    return outputs.map((output) => made.delete(output) ? output : tf.clone(output));
  });
}

// Whether a gradient is being recorded at this point of the code.
function tapeIsOn(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}
