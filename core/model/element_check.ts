/**
 * The check of merged matrices against a second computation of some of their elements.
 *
 * @module
 */
import * as tf from "../backend/tf.ts";
import { EXACT, type HostTensor } from "../decomposition.ts";
import type { RandomKey } from "../random.ts";
import type { Weights } from "./weights.ts";

/** Elements that are checked of each matrix. */
const SAMPLES = 64;

/**
 * Throws unless random elements of the merged matrices are those that their decomposition computes from the factors element by
 * element: `‖merged − elements‖ / ‖elements‖` over the sample is at most 1e-5. Matrices whose decomposition has no second
 * computation pass.
 *
 * @param merged dense matrices by name, as `weights.toDense()` returns them
 */
export function checkElements(
  weights: Weights,
  { merged, key }: { readonly merged: ReadonlyMap<string, tf.Tensor>; readonly key: RandomKey },
): void {
  for (const name of weights.factorized) {
    const factorization = weights.factorizationOf(name)!;
    if (!factorization.element) continue;
    const [rows, columns] = factorization.shape;
    const factors = weights.factorsOf(name).map((factor): HostTensor => ({
      shape: factor.shape,
      values: factor.dataSync() as Float32Array,
    }));
    const dense = merged.get(name)!.dataSync();
    const indices = key.fold(name).uniforms(2 * SAMPLES);
    let difference = 0, size = 0;
    for (let sample = 0; sample < SAMPLES; sample++) {
      const row = Math.floor(indices[2 * sample]! * rows), column = Math.floor(indices[2 * sample + 1]! * columns);
      const element = factorization.element(factors, [row, column]);
      difference += (element - dense[row * columns + column]!) ** 2;
      size += element ** 2;
    }
    const error = size > 0 ? Math.sqrt(difference / size) : Math.sqrt(difference);
    if (!(error <= EXACT)) {
      throw new Error(
        `Merging ${name}: ${SAMPLES} elements differ from those of its factors by ${error}, expected at most ${EXACT}.`,
      );
    }
  }
}
