/**
 * How many tensors bring a matrix, or a model, to a size.
 *
 * @module
 */
import type { MatrixShape } from "@opf/framework";
import { mpo, type MpoOptions } from "./mpo.ts";

/** What {@linkcode tensorsForScale} works on. */
export interface ScaleOptions extends Omit<MpoOptions, "tensors"> {
  /** The matrices that are written as operators. */
  readonly shapes: readonly MatrixShape[];
  /** Numbers of the model that stay as they are. @default 0: the scale is that of the matrices alone */
  readonly rest?: number;
}

/**
 * The number of tensors, the same for all matrices, that brings matrices, or a whole model (`rest` being what is not
 * decomposed), nearest to `scale` times their size, counted as the paper counts; and the scale that it reaches.
 *
 * @example BERT-small as published: eight matrices in 28.76 M numbers, 81 M in training
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
  const sizeOf = (numbers: readonly number[]) => numbers.reduce((product, number) => product * number, 1);
  const dense = rest + shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  let best = { tensors: 1, scale: 1 };
  for (let tensors = 2; tensors <= MOST_TENSORS; tensors++) {
    const own = mpo({ ...options, tensors });
    const factors = shapes.flatMap((shape) => own.plan(shape).factorShapes).reduce(
      (sum, shape) => sum + sizeOf(shape),
      0,
    );
    const reached = (rest + factors) / dense;
    if (Math.abs(reached - scale) < Math.abs(best.scale - scale)) best = { tensors, scale: reached };
    if (reached > 2 * scale) break;
  }
  return best;
}

const MOST_TENSORS = 32; // more than twice what the paper and its code use
