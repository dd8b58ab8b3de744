/**
 * How functions become kernels of the engine in use.
 *
 * @module
 */
import { type Engine, engine, type JitOptions, type TensorFunction } from "./engine.ts";
import * as tf from "./tf.ts";

/** Numbers in the largest argument from which on a kernel of its own is worth compiling. */
export const KERNEL_SIZE = 2 ** 16;

/**
 * A differentiable function made into one kernel, and its gradient into another, which computes again what it needs
 * from the arguments instead of keeping it. For elementwise and row-wise code; write it plainly, in `tf` operations.
 * The last arguments may be masks or indices (bool, int32): they have no gradient. Where all arguments have fewer than
 * {@linkcode KERNEL_SIZE} numbers it runs as it is: compiling would take longer than it saves.
 *
 * @example
 * ```ts
 * import { fused, tf } from "@opf/framework";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const swish = fused((x) => tf.mul(x!, tf.sigmoid(x!)), { name: "swish" });
 * const slope = tf.grad((x) => swish(x))(tf.tensor1d([0]));
 * assertAlmostEquals(slope.arraySync() as unknown as number, 0.5, 1e-6);
 * ```
 */
export function fused(
  compute: (...inputs: tf.Tensor[]) => tf.Tensor,
  options: { name?: string } = {},
): (...inputs: tf.Tensor[]) => tf.Tensor {
  const name = options.name ?? compute.name;
  const forward = kernel((...inputs) => [compute(...inputs)], { name });
  const backward = kernel((slope, ...inputs) => {
    const floats = inputs.filter((input) => input.dtype === "float32");
    const others = inputs.slice(floats.length);
    return withOwnTape(() => tf.grads((...values: tf.Tensor[]) => compute(...values, ...others))(floats, slope!));
  }, { name: `${name}Gradient` });
  return (...inputs: tf.Tensor[]): tf.Tensor => {
    if (areSmall(inputs)) return compute(...inputs);
    const floats = inputs.findLastIndex((input) => input.dtype === "float32") + 1;
    const others = inputs.slice(floats);
    const apply = tf.customGrad((...args) => {
      const save = args.pop() as tf.GradSaveFunc;
      const values = args as tf.Tensor[];
      save([...values, ...others]);
      return {
        value: forward(...values, ...others)[0]!,
        gradFunc: (slope: tf.Tensor, saved: tf.Tensor[]) => backward(slope, ...saved),
      };
    });
    return apply(...inputs.slice(0, floats));
  };
}

/**
 * A function made into one kernel of whatever engine is in use, for parts of gradients that are written by hand: it has no
 * gradient of its own. Where all arguments are small it runs as it is, as in {@linkcode fused}.
 */
export function kernel(
  compute: TensorFunction,
  { name = compute.name, ...options }: Omit<JitOptions, "kernel"> = {},
): TensorFunction {
  const compiled = new WeakMap<Engine, TensorFunction>();
  return (...inputs) => {
    if (areSmall(inputs)) return compute(...inputs);
    const run = compiled.getOrInsertComputed(engine(), () => engine().jit(compute, { ...options, name, kernel: true }));
    return run(...inputs);
  };
}

const areSmall = (inputs: readonly tf.Tensor[]): boolean => inputs.every(({ size }) => size < KERNEL_SIZE);

/** A function whose results are made once for the same settings: kernels that share them are compiled once. */
export function memoize<A extends (string | number)[], R>(make: (...settings: A) => R): (...settings: A) => R {
  const made = new Map<string, R>();
  return (...settings) => {
    const key = settings.join();
    let known = made.get(key);
    if (known === undefined) made.set(key, known = make(...settings));
    return known;
  };
}

// TensorFlow.js holds one tape, and a gradient that ends drops it: the one around it, whose backward part runs now,
// would miss it.
function withOwnTape<T>(run: () => T): T {
  const { state } = tf.engine();
  const tape = state.activeTape;
  try {
    return run();
  } finally {
    state.activeTape = tape;
  }
}
