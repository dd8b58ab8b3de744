/**
 * The control for the learning rate: the chosen matrices stay matrices and learn faster.
 *
 * @module
 */
import { type Decomposition, RequestError } from "@opf/framework";
import { whole } from "./frozen.ts";

/** How fast a matrix learns for it to move as far as another form of it. */
export interface Matched {
  /** The form whose movement is to be matched. */
  readonly matched: Decomposition;
  /** Steps of each of the two trials. @default 20 */
  readonly steps?: number;
}

/** Options of {@linkcode dense}. */
export interface DenseOptions {
  /** Times the run's `learningRate`, or what it is measured by. */
  readonly rate: number | Matched;
}

/**
 * Leaves a matrix as one tensor, with the weight decay of dense parameters, and learns `rate` times as fast. A product of m
 * factors moves up to about m times as far a step of Adam as one matrix, so a gain of over-parameterisation may be nothing
 * but a larger learning rate: this control tells the two apart.
 *
 * With `rate: { matched, steps }` both forms take `steps` steps from the same state, on the same batches, at the peak rates;
 * the steps are thrown away, and the rate is the ratio of `Σ‖ΔW‖` over the chosen matrices. It is stored as the fact `rate`
 * of each of them.
 *
 * @example
 * ```ts
 * import { dense, mpo } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(dense({ rate: 10 }).plan([4, 6]).training, [
 *   { parameterGroup: "dense", learningRateMultiplier: 10 },
 * ]);
 * const matched = dense({ rate: { matched: mpo({ tensors: 5 }) } });
 * const found = await matched.calibrate!({ moved: (form) => Promise.resolve(form.name === "mpo" ? 3 : 2) });
 * assertEquals(found.plan([4, 6]).training, [
 *   { parameterGroup: "dense", learningRateMultiplier: 1.5 },
 * ]);
 * ```
 */
export function dense({ rate }: DenseOptions): Decomposition {
  if (typeof rate === "number") return withRate(rate, { rate });
  const { matched, steps = 20 } = rate;
  const options = { rate: { matched: { name: matched.name, options: matched.options }, steps } };
  return {
    ...withRate(1, options),
    calibrate: async ({ moved }) => {
      const [theirs, ours] = [await moved(matched, steps), await moved(withRate(1, options), steps)];
      return withRate(theirs / ours, options);
    },
  };
}

function withRate(rate: number, options: Decomposition["options"]): Decomposition {
  if (!(rate >= 0 && rate < Infinity)) throw new RequestError(`dense({ rate: ${rate} }): wanted a number, 0 or more.`);
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
