/**
 * The kernel of `tf.fused.matMul` for backends that have none, or a wrong one.
 *
 * @module
 */
import { tf } from "@opf/framework";

/** A matrix product, a bias and an activation, one after another. */
export const fusedMatMul: tf.KernelFunc = ({ inputs, attrs }) => {
  const { a, b, bias, preluActivationWeights } = inputs as Record<string, tf.Tensor>;
  const { transposeA, transposeB, activation, leakyreluAlpha } = attrs as unknown as
    & {
      readonly [flag in "transposeA" | "transposeB"]: boolean;
    }
    & { readonly activation: string; readonly leakyreluAlpha: number };
  const activations: { readonly [name: string]: (x: tf.Tensor) => tf.Tensor } = {
    linear: (x) => x,
    elu: tf.elu,
    leakyrelu: (x) => tf.leakyRelu(x, leakyreluAlpha),
    prelu: (x) => tf.prelu(x, preluActivationWeights!),
    relu: tf.relu,
    relu6: tf.relu6,
    sigmoid: tf.sigmoid,
  };
  return tf.tidy(() => {
    const product = tf.matMul(a!, b!, transposeA, transposeB);
    return activations[activation]!(bias ? tf.add(product, bias) : product);
  });
};
