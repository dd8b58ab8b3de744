/**
 * Singular value decompositions of several matrices at once.
 *
 * @module
 */
import { fixSigns, type Svd, tf } from "@opf/framework";
import { ATTRIBUTE, typed } from "./_attributes.ts";
import { TYPE } from "./_ffi.ts";
import type { KernelBackend } from "./_kernels.ts";

/** Thin ones of matrices of one shape: `u [n, rows, k]`, `s [n, k]` falling, `v [n, columns, k]`. */
interface Several {
  readonly u: tf.Tensor3D;
  readonly s: tf.Tensor2D;
  readonly v: tf.Tensor3D;
}

/**
 * Each matrix's decomposition. Matrices of one shape are one call: the library divides them among its threads, where one
 * matrix has a single thread.
 */
export function svds(backend: KernelBackend, matrices: readonly tf.Tensor2D[]): Svd[] {
  return tf.tidy(() => {
    const found: { u: tf.Tensor2D; s: tf.Tensor1D; v: tf.Tensor2D }[] = [];
    const stack = (places: readonly number[]) => tf.stack(places.map((at) => matrices[at]!)) as tf.Tensor3D;
    const keep = (places: readonly number[], { u, s, v }: Several) => {
      const [us, vs] = [tf.unstack(u), tf.unstack(v)] as [tf.Tensor2D[], tf.Tensor2D[]];
      tf.unstack(s).forEach((own, index) =>
        found[places[index]!] = { s: own as tf.Tensor1D, ...fixSigns(us[index]!, vs[index]!) }
      );
    };
    for (const places of Map.groupBy(matrices.keys(), (at) => matrices[at]!.shape.join()).values()) {
      let left: readonly number[] = places;
      if (isOblong(matrices[places[0]!]!)) {
        const { conditions, ...quick } = bySquares(backend, stack(places));
        keep(places, quick);
        left = places.filter((_, index) => !(conditions[index]! < LARGEST_CONDITION));
      }
      if (left.length > 0) keep(left, byLibrary(backend, stack(left)));
    }
    return found;
  });
}

// Random matrices that are about square have small values and a large condition: trying would take its time for nothing.
const isOblong = ({ shape: [rows, columns] }: tf.Tensor2D): boolean =>
  Math.max(rows, columns) >= 1.5 * Math.min(rows, columns);

// Squaring a matrix squares how far its values are apart. To here single precision bears it: what it costs is less than 1e-3
// of a vector before it is made orthonormal. Weights rearranged for an operator reach 5 to 16.
const LARGEST_CONDITION = 32;

/**
 * By the eigenvectors of `aᵀ·a` (of `a·aᵀ` where that is smaller), which takes half as long and less; with the condition
 * number of each matrix, or NaN: where it is large, the result is nothing worth.
 */
function bySquares(backend: KernelBackend, stack: tf.Tensor3D): Several & { readonly conditions: readonly number[] } {
  const [, rows, columns] = stack.shape;
  if (rows < columns) {
    const { u: v, v: u, ...rest } = bySquares(backend, tf.transpose(stack, [0, 2, 1]));
    return { u, v, ...rest };
  }
  // Of size 1, so that no square is too large or too small for a float32.
  const size = tf.maximum(tf.max(tf.abs(stack), [1, 2], true), 1e-37);
  const a = tf.div(stack, size) as tf.Tensor3D;
  const [values, vectors] = backend.executeMultipleOutputs(
    "SelfAdjointEigV2",
    [typed("T", TYPE.float32), { name: "compute_v", type: ATTRIBUTE.bool, value: true }],
    [tf.matMul(a, a, true, false)],
    2,
  ) as [tf.Tensor2D, tf.Tensor3D]; // values rise
  const v = orthonormal(tf.reverse(vectors, 2));
  const product = tf.matMul(a, v);
  const ones = tf.ones<tf.Rank.R3>([stack.shape[0], 1, product.shape[1]!]);
  const norms = tf.sqrt(tf.matMul(ones, tf.square(product) as tf.Tensor3D)); // a product takes less than a sum
  const falling = tf.topk(tf.squeeze(norms, [1]), norms.shape[2]!).values; // rounding may exchange equal ones
  return {
    u: orthonormal(tf.div(product, norms)),
    s: tf.mul(falling, tf.squeeze(size, [2])),
    v,
    conditions: values.arraySync().map((own) => Math.sqrt(own.at(-1)! / own[0]!)),
  };
}

function byLibrary(backend: KernelBackend, stack: tf.Tensor3D): Several {
  const [s, u, v] = backend.executeMultipleOutputs(
    "Svd",
    [
      typed("T", TYPE.float32),
      { name: "compute_uv", type: ATTRIBUTE.bool, value: true },
      { name: "full_matrices", type: ATTRIBUTE.bool, value: false },
    ],
    [stack],
    3,
  ) as [tf.Tensor2D, tf.Tensor3D, tf.Tensor3D];
  return { u: orthonormal(u), s, v: orthonormal(v) };
}

// One Newton step: in single precision the library's vectors are off by 3e-6 (Svd) and 8e-5 (SelfAdjointEigV2), which would
// add up over the bonds of a tensor network.
function orthonormal(vectors: tf.Tensor3D): tf.Tensor3D {
  const gram = tf.matMul(vectors, vectors, true, false);
  return tf.matMul(vectors, tf.sub(tf.mul(tf.eye(vectors.shape[2]), 1.5), tf.mul(gram, 0.5)) as tf.Tensor3D);
}
