/**
 * The number of tensors for a scale of over-parameterization.
 *
 * @module
 */
import type { MatrixShape } from "@opf/framework";
import { mpo, type MpoOptions } from "./mpo.ts";

/** Options of {@linkcode tensorsForScale}. */
export interface ScaleOptions extends Omit<MpoOptions, "tensors"> {
  /** The shapes of the matrices that are decomposed. */
  readonly shapes: readonly MatrixShape[];
  /** Parameters of the model that are not decomposed. @default 0: the scale is that of the matrices alone */
  readonly rest?: number;
}

/**
 * The number of tensors per matrix for which the parameters of all matrices, or of a whole model (with `rest` parameters
 * that are not decomposed), come closest to `scale` times their number, and the scale that it reaches. Counts as the paper
 * does.
 *
 * @example BERT-small as published: eight matrices, 28.76 M parameters, 81 M in training
 * ```ts
 * import { tensorsForScale } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const shapes = [...Array(4).fill([2048, 512]), ...Array(4).fill([512, 512])];
 * const modes = [{ rows: [64, 32], columns: [16, 32] }, { rows: [32, 16], columns: [16, 32] }];
 * const rest = 28_764_674 - 4 * 2048 * 512 - 4 * 512 * 512;
 * assertEquals(tensorsForScale(81.2 / 28.76, { shapes, rest, modes }).tensors, 11);
 * ```
 */
export function tensorsForScale(
  scale: number,
  { shapes, rest = 0, ...options }: ScaleOptions,
): { tensors: number; scale: number } {
  const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
  const dense = rest + shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  let best = { tensors: 1, scale: 1 };
  for (let tensors = 2; tensors <= MAX_TENSORS; tensors++) {
    const decomposition = mpo({ ...options, tensors });
    const factorShapes = shapes.flatMap((shape) => decomposition.plan(shape).factorShapes);
    const factors = factorShapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
    const reached = (rest + factors) / dense;
    if (Math.abs(reached - scale) < Math.abs(best.scale - scale)) best = { tensors, scale: reached };
    if (reached > 2 * scale) break;
  }
  return best;
}

const MAX_TENSORS = 32; // more than twice what the paper and its code use
