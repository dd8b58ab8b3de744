/**
 * The control for the learning rate: the selected matrices stay dense and learn faster.
 *
 * @module
 */
import { type Decomposition, RequestError } from "@opf/framework";
import { whole } from "./_whole.ts";

/** A learning rate at which a matrix moves as far as its factors do under another decomposition. */
export interface Matched {
  /** The decomposition whose movement is matched. */
  readonly matched: Decomposition;
  /** Steps of each of the two trials. @default 20 */
  readonly steps?: number;
}

/** Options of {@linkcode dense}. */
export interface DenseOptions {
  /** Multiplier of the run's `learningRate`, or how it is measured. */
  readonly rate: number | Matched;
}

/**
 * Keeps a matrix as one tensor, with the weight decay of dense parameters and `rate` times their learning rate. A step of
 * Adam moves a product of m factors up to about m times as far as one matrix, so what looks like a gain of
 * over-parameterization may be the effect of a larger learning rate. This control tells the two apart.
 *
 * With `rate: { matched, steps }` both forms take `steps` steps from the same state, on the same batches, at the peak
 * learning rates. The steps are discarded, and the rate is the ratio of `Σ‖ΔW‖` over the selected matrices; it is stored as
 * the fact `rate` of each of them.
 *
 * @example
 * ```ts
 * import { dense, mpo } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const multiplierOf = ({ plan }: ReturnType<typeof dense>) => plan([4, 6]).training![0]!.learningRateMultiplier;
 * assertEquals(multiplierOf(dense({ rate: 10 })), 10);
 * const matched = dense({ rate: { matched: mpo({ tensors: 5 }) } });
 * const calibrated = await matched.calibrate!({ moved: ({ name }) => Promise.resolve(name === "mpo" ? 3 : 2) });
 * assertEquals(multiplierOf(calibrated), 1.5);
 * ```
 */
export function dense({ rate }: DenseOptions): Decomposition {
  if (typeof rate === "number") return withRate(rate, { rate });
  const { matched, steps = 20 } = rate;
  const options = { rate: { matched: { name: matched.name, options: matched.options }, steps } };
  return {
    ...withRate(1, options),
    calibrate: async ({ moved }) => {
      const factors = await moved(matched, steps);
      const matrix = await moved(withRate(1, options), steps);
      return withRate(factors / matrix, options);
    },
  };
}

function withRate(rate: number, options: Decomposition["options"]): Decomposition {
  if (!(rate >= 0 && rate < Infinity)) {
    throw new RequestError(`dense({ rate: ${rate} }): expected a finite number, 0 or more.`);
  }
  return {
    name: "dense",
    options,
    plan: (shape) => {
      const plan = whole.plan(shape);
      return {
        ...plan,
        training: [{ parameterGroup: "dense", learningRateMultiplier: rate }],
        factorize: (matrix, context) => {
          context.report?.({ rate });
          return plan.factorize(matrix, context);
        },
      };
    },
  };
}

/** For `check-plugin`, because {@linkcode dense} has no default options. */
export const examples: readonly Decomposition[] = [dense({ rate: 3 })];
