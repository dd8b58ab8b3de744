/**
 * Functions that the engine in use may turn into fused kernels.
 *
 * @module
 */
import { type Engine, engine, type JitOptions, type TensorFunction } from "./engine.ts";
import * as tf from "./tf.ts";

/** Elements of the largest argument from which on a kernel is worth compiling. */
export const KERNEL_SIZE = 2 ** 16;

/**
 * A differentiable function as one kernel, with its gradient as another that recomputes intermediate values from the
 * arguments instead of saving them. For elementwise and row-wise code, written plainly in `tf` operations. Trailing
 * arguments may be masks or indices (bool, int32), which have no gradient. If all arguments have fewer than
 * {@linkcode KERNEL_SIZE} elements, the function runs uncompiled: compiling would take longer than it saves.
 *
 * @example
 * ```ts
 * import { fused, tf } from "@opf/framework";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const swish = fused((x) => tf.mul(x!, tf.sigmoid(x!)), { name: "swish" });
 * const gradient = tf.grad((x) => swish(x))(tf.tensor1d([0]));
 * assertAlmostEquals(gradient.dataSync()[0]!, 0.5, 1e-6);
 * ```
 */
export function fused(
  compute: (...inputs: tf.Tensor[]) => tf.Tensor,
  options: { name?: string } = {},
): (...inputs: tf.Tensor[]) => tf.Tensor {
  const name = options.name ?? compute.name;
  const forward = kernel((...inputs) => [compute(...inputs)], { name });
  const backward = kernel((gradient, ...inputs) => {
    const floats = inputs.filter((input) => input.dtype === "float32");
    const rest = inputs.slice(floats.length);
    return withOwnTape(() => tf.grads((...values: tf.Tensor[]) => compute(...values, ...rest))(floats, gradient!));
  }, { name: `${name}Gradient` });
  return (...inputs: tf.Tensor[]): tf.Tensor => {
    if (areSmall(inputs)) return compute(...inputs);
    const floats = inputs.findLastIndex((input) => input.dtype === "float32") + 1;
    const rest = inputs.slice(floats);
    const apply = tf.customGrad((...args) => {
      const save = args.pop() as tf.GradSaveFunc;
      const values = args as tf.Tensor[];
      save([...values, ...rest]);
      return {
        value: forward(...values, ...rest)[0]!,
        gradFunc: (gradient: tf.Tensor, saved: tf.Tensor[]) => backward(gradient, ...saved),
      };
    });
    return apply(...inputs.slice(0, floats));
  };
}

/**
 * A function compiled by whichever engine is in use when it is called, for parts of compiled functions that the engine may
 * fuse and for parts of custom gradients. It has no gradient of its own. As with {@linkcode fused}, it runs uncompiled if
 * all arguments are small.
 */
export function kernel(compute: TensorFunction, { name = compute.name, ...options }: JitOptions = {}): TensorFunction {
  const compiled = new WeakMap<Engine, TensorFunction>();
  return (...inputs) => {
    if (areSmall(inputs)) return compute(...inputs);
    const run = compiled.getOrInsertComputed(engine(), () => engine().jit(compute, { ...options, name }));
    return run(...inputs);
  };
}

const areSmall = (inputs: readonly tf.Tensor[]): boolean => inputs.every(({ size }) => size < KERNEL_SIZE);

// TensorFlow.js has one tape and drops it when a gradient ends: the enclosing gradient, whose backward pass is running now,
// would lose its own.
function withOwnTape<T>(run: () => T): T {
  const { state } = tf.engine();
  const tape = state.activeTape;
  try {
    return run();
  } finally {
    state.activeTape = tape;
  }
}
