/**
 * Functions on a backend without a compiler.
 *
 * @module
 */
import { checkDonation, type JitOptions, type TensorFunction, tf } from "@opf/framework";

/**
 * A function that runs uncompiled but keeps the promises of a compiled one: intermediate tensors are freed, and outputs are
 * new tensors, even if it returns an argument, a tensor from outside, or one tensor twice.
 */
export const uncompiled = (
  compute: TensorFunction,
  { name = compute.name || "function", donate = [] }: JitOptions = {},
): TensorFunction =>
(...inputs) => {
  const { state } = tf.engine();
  // A gradient needs the tensors that the function itself returns, arguments included.
  if (state.gradientDepth > 0 && state.kernelDepth === 0) return compute(...inputs);
  return tf.tidy(() => {
    const outputs = compute(...inputs);
    checkDonation(name, { donate, inputs, outputs });
    const unreturned = new Set(state.activeScope.track); // created here
    return outputs.map((output) => unreturned.delete(output) ? output : tf.clone(output));
  });
};
