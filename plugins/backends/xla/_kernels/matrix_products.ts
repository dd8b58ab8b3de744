/**
 * Kernels that multiply matrices.
 *
 * @module
 */
import { type Precision, tf } from "@opf/framework";
import type { Kernels } from "./kernel.ts";
import type { LazyNode } from "../_stablehlo/node.ts";
import { broadcastTo, reshape } from "../_stablehlo/movement.ts";
import { dot } from "../_stablehlo/reductions.ts";
import { check, sameShape } from "../_stablehlo/text.ts";

/** Matrix products, of batches too. */
export const MATRIX_PRODUCTS: Kernels = {
  [tf.BatchMatMul]: ({ a, b }, { transposeA, transposeB }, { precision }) =>
    multiply(a!, b!, { transposeA: transposeA as boolean, transposeB: transposeB as boolean, precision }),
};

function multiply(
  a: LazyNode,
  b: LazyNode,
  options: { readonly transposeA: boolean; readonly transposeB: boolean; readonly precision: Precision },
): LazyNode {
  const { transposeA, transposeB, precision } = options;
  check(a.shape.length > 1 && b.shape.length > 1, `expected matrices, got [${a.shape}] and [${b.shape}]`);
  const [outerA, outerB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const outer = tf.backend_util.assertAndGetBroadcastShape([...outerA], [...outerB]);
  const axisOf = ({ shape }: LazyNode, isLast: boolean) => shape.length - (isLast ? 1 : 2);
  // One matrix on the right for all on the left: a single product, unless the left ones are transposed.
  if (!transposeA && outerB.every((extent) => extent === 1)) {
    const matrix = reshape(b, b.shape.slice(-2));
    const left = reshape(a, [...outer, ...a.shape.slice(-2)]);
    return dot(left, matrix, { contract: [[axisOf(left, true)], [axisOf(matrix, transposeB)]], precision });
  }
  const [left, right] = [a, b].map((x) =>
    sameShape(x.shape.slice(0, -2), outer) ? x : broadcastTo(x, [...outer, ...x.shape.slice(-2)])
  ) as [LazyNode, LazyNode];
  const batch = outer.map((_, axis) => axis);
  return dot(left, right, {
    batch: [batch, batch],
    contract: [[axisOf(left, !transposeA)], [axisOf(right, transposeB)]],
    precision,
  });
}
