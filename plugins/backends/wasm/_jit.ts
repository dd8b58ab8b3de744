/**
 * Functions as an engine without a compiler runs them.
 *
 * @module
 */
import { type TensorFunction, tf } from "@opf/framework";

/**
 * A function that runs as it is, with what a compiled one promises: what it makes in between is freed, and its outputs are
 * tensors of their own, even where it gives back an argument, a tensor that it found, or one tensor twice.
 */
export const runAsItIs = (compute: TensorFunction): TensorFunction => (...inputs) => {
  const { state } = tf.engine();
  // A gradient needs to see every tensor that the function gives, the arguments too.
  if (state.gradientDepth > 0 && state.kernelDepth === 0) return compute(...inputs);
  return tf.tidy(() => {
    const outputs = compute(...inputs);
    const own = new Set(state.activeScope.track); // made here, and not given yet
    return outputs.map((output) => own.delete(output) ? output : tf.clone(output));
  });
};
