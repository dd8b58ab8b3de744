/**
 * Singular value decomposition by `ml-matrix` in float64, because there is no WebAssembly kernel for it.
 *
 * @module
 */
import { fixSigns, type Svd, tf } from "@opf/framework";
import { Matrix, SVD } from "ml-matrix";

/** The thin decomposition of a float32 matrix, with its signs fixed. */
export function svd(matrix: tf.Tensor2D): Svd {
  return tf.tidy(() => {
    const [rows, columns] = matrix.shape;
    const decomposition = new SVD(Matrix.from1DArray(rows, columns, [...matrix.dataSync()]), { autoTranspose: true });
    const k = Math.min(rows, columns);
    const tensor = (vectors: Matrix, length: number) =>
      tf.tensor2d(Float32Array.from(vectors.to1DArray()), [length, k]);
    return {
      s: tf.tensor1d(Float32Array.from(decomposition.diagonal)),
      ...fixSigns(tensor(decomposition.leftSingularVectors, rows), tensor(decomposition.rightSingularVectors, columns)),
    };
  });
}
