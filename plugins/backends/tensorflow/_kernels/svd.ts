/**
 * Singular value decomposition by TensorFlow's own op.
 *
 * @module
 */
import { fixSigns, type Svd, tf } from "@opf/framework";
import { ATTRIBUTE, typed } from "../_c_api/attributes.ts";
import { TYPE } from "../_c_api/ffi.ts";
import type { KernelBackend } from "./register.ts";

/** The thin decomposition of a float32 matrix, with its signs fixed. */
export function svd(backend: KernelBackend, matrix: tf.Tensor2D): Svd {
  return tf.tidy(() => {
    const attributes = [
      typed("T", TYPE.float32),
      { name: "compute_uv", type: ATTRIBUTE.bool, value: true },
      { name: "full_matrices", type: ATTRIBUTE.bool, value: false },
    ];
    const [s, u, v] = backend.executeMultipleOutputs("Svd", attributes, [matrix], 3);
    return { s: s as tf.Tensor1D, ...fixSigns(orthonormal(u as tf.Tensor2D), orthonormal(v as tf.Tensor2D)) };
  });
}

// One Newton step: in single precision the op's vectors are off by 3e-6, which would add up over the bonds of a tensor
// network.
function orthonormal(vectors: tf.Tensor2D): tf.Tensor2D {
  const gram = tf.matMul(vectors, vectors, true, false);
  return tf.matMul(vectors, tf.sub<tf.Tensor2D>(tf.mul(tf.eye(vectors.shape[1]), 1.5), tf.mul(gram, 0.5)));
}
