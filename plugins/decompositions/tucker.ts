/**
 * Tucker decomposition of a reshaped matrix.
 *
 * @module
 */
import { type Decomposition, engine, refuseOtherOptions, RequestError, tf } from "@opf/framework";
import { modesOf } from "./_modes.ts";

/** Options of {@linkcode tucker}. */
export interface TuckerOptions {
  /** Largest rank of a mode. @default all: exact */
  readonly rank?: number;
}

/**
 * Writes a matrix, reshaped to four modes `n = [r₁, r₂, c₁, c₂]` (`rows = r₁·r₂`, `columns = c₁·c₂`, as near to their square
 * roots as possible), as a core and one matrix per mode (Tucker 1966), by the higher-order singular value decomposition
 * (De Lathauwer et al. 2000):
 *
 *     W[a, b, c, d] = Σ G[i, j, k, l] · U₁[a, i] · U₂[b, j] · U₃[c, k] · U₄[d, l],   G [k₁, k₂, k₃, k₄],  U_q [n_q, k_q]
 *
 * Exact with full ranks. Truncated, the error is at most the root of the sum of squares that the four modes drop.
 *
 * @example
 * ```ts
 * import { tucker } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(tucker().plan([6, 4]).factorShapes, [[3, 2, 2, 2], [3, 3], [2, 2], [2, 2], [2, 2]]);
 * ```
 */
export function tucker({ rank, ...rest }: TuckerOptions = {}): Decomposition {
  refuseOtherOptions("tucker", rest);
  if (rank !== undefined && !(Number.isInteger(rank) && rank >= 1)) {
    throw new RequestError(`tucker({ rank: ${rank} }): expected a positive integer.`);
  }
  return {
    name: "tucker",
    options: { ...(rank !== undefined && { rank }) },
    plan: ([rows, columns]) => {
      const modes = [rows, columns].flatMap((size) => modesOf(size, { tensors: 2, layout: "ends" }));
      const ranks = modes.map((mode) => Math.min(mode, rank ?? mode));
      return {
        shape: [rows, columns],
        factorShapes: [ranks, ...modes.map((mode, axis) => [mode, ranks[axis]!])],
        ...(ranks.some((rank, axis) => rank < modes[axis]!) && { maxRelativeError: 1 }),
        factorize: (matrix) => {
          const whole = tf.reshape(matrix, modes);
          const bases = modes.map((mode, axis) => leading(unfolded(whole, axis), { mode, rank: ranks[axis]! }));
          const core = bases.reduce((rest, basis, axis) => along(rest, { axis, matrix: tf.transpose(basis) }), whole);
          return [core, ...bases];
        },
        reconstruct: ([core, ...bases]) => {
          const whole = bases.reduce((rest, basis, axis) => along(rest, { axis, matrix: basis as tf.Tensor2D }), core!);
          return tf.reshape(whole, [rows, columns]) as tf.Tensor2D;
        },
      };
    },
  };
}

/** For `check-plugin`. */
export const examples: readonly Decomposition[] = [tucker({ rank: 2 })];

// The unfolding along an axis: [n, rest].
function unfolded(tensor: tf.Tensor, axis: number): tf.Tensor2D {
  const order = [axis, ...tensor.shape.map((_, other) => other).filter((other) => other !== axis)];
  return tf.reshape(tf.transpose(tensor, order), [tensor.shape[axis]!, -1]) as tf.Tensor2D;
}

// The leading left singular vectors [mode, rank]. If the unfolding has fewer columns than rows, the decomposition of its Gram
// matrix completes them to an orthonormal basis.
function leading(flat: tf.Tensor2D, { mode, rank }: { mode: number; rank: number }): tf.Tensor2D {
  const { u } = engine().svd(flat.shape[1] < mode ? tf.matMul(flat, flat, false, true) as tf.Tensor2D : flat);
  return tf.slice2d(u, [0, 0], [mode, rank]) as tf.Tensor2D;
}

// The product of a tensor with matrix [new, old] along an axis.
function along(tensor: tf.Tensor, { axis, matrix }: { axis: number; matrix: tf.Tensor2D }): tf.Tensor {
  const others = tensor.shape.filter((_, other) => other !== axis);
  const product = tf.reshape(tf.matMul(matrix, unfolded(tensor, axis)), [matrix.shape[0], ...others]);
  const back = tensor.shape.map((_, other) => other === axis ? 0 : other < axis ? other + 1 : other);
  return tf.transpose(product, back);
}
