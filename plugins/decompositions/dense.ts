/**
 * The control for the learning rate: the selected matrices stay dense and learn faster.
 *
 * @module
 */
import { type Decomposition, refuseOtherOptions, RequestError } from "@opf/framework";
import { checkDecomposition } from "./_check_decomposition.ts";
import { whole } from "./_whole.ts";

/** Learning rates at which matrices move as far as their factors do under another decomposition. */
export interface Matched {
  /** The decomposition whose movement is matched. */
  readonly matched: Decomposition;
  /** The share of the run's steps that each of the two trials takes. @default 0.1 */
  readonly share?: number;
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
 * With `rate: { matched }`, both forms are trained from the same state on the same batches for a share of the run's steps,
 * with its schedule and gradient accumulation. The steps are discarded. The rate of each module is the ratio of `Σ‖ΔW‖` over
 * its selected matrices; it is stored as the fact `rate` of each of them.
 *
 * @example
 * ```ts
 * import { dense, mpo } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const multiplierOf = ({ plan }: ReturnType<typeof dense>) => plan([4, 6]).training![0]!.learningRateMultiplier;
 * assertEquals(multiplierOf(dense({ rate: 10 })), 10);
 * const matched = dense({ rate: { matched: mpo({ tensors: 5 }) } });
 * const calibrated = await matched.calibrate!({
 *   matrices: [{ name: "a", module: "query" }],
 *   movements: (of) => Promise.resolve(new Map([["a", of === matched.reference ? 3 : 2]])),
 * });
 * assertEquals(multiplierOf(calibrated.get("a")!), 1.5);
 * ```
 */
export function dense({ rate, ...rest }: DenseOptions): Decomposition {
  refuseOtherOptions("dense", rest);
  if (typeof rate === "number") return withRate(rate, { rate });
  const { matched, share = 0.1, ...others } = rate;
  refuseOtherOptions("dense({ rate })", others);
  checkDecomposition(matched, "dense({ rate: { matched } })");
  if (!(share > 0 && share <= 1)) {
    throw new RequestError(`dense({ rate: { share: ${share} } }): expected a number above 0, 1 at most.`);
  }
  const options = { rate: { matched: { name: matched.name, options: matched.options }, share } };
  return {
    ...withRate(1, options),
    reference: matched,
    calibrate: async ({ matrices, movements }) => {
      const factors = await movements(matched, { share });
      const dense = await movements(withRate(1, options), { share });
      const modules = Map.groupBy(matrices, ({ stack = "", module }) => `${stack} ${module}`);
      return new Map([...modules.values()].flatMap((group) => {
        const sum = (of: ReadonlyMap<string, number>) => group.reduce((total, { name }) => total + of.get(name)!, 0);
        const ratio = sum(factors) / sum(dense);
        return group.map(({ name }) => [name, withRate(ratio, options)] as const);
      }));
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
