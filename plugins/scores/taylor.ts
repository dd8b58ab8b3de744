/**
 * The first-order Taylor importance of a matrix.
 *
 * @module
 */
import { checkChoice, type ImportanceScore, refuseOtherOptions, tf } from "@opf/framework";

/** Options of {@linkcode taylor}. */
export interface TaylorOptions {
  /**
   * How the elementwise products are reduced: the absolute value of their sum, or the sum of absolute values.
   * @default "abs-sum"; "sum-abs" for absolute gradients
   */
  readonly reduce?: "abs-sum" | "sum-abs";
  /**
   * Which gradients: those of a pass over the training examples at the current weights with dropout off, or those that
   * training itself computed since the last round (dropout on, changing weights, before clipping), which come for free.
   * @default "pass"
   */
  readonly gradients?: "pass" | "training";
  /** With `gradients: "training"`: accumulate absolute gradients, as the paper's text says, or signed ones. @default "absolute" */
  readonly accumulate?: "absolute" | "signed";
}

/**
 * The first-order change in loss if a matrix were zero, `|Σ ∂L/∂W · W|` (Gao et al. 2023, eq. 7), where `L` is the mean loss
 * with dropout off. The paper does not state how the elementwise product is reduced to a scalar: `reduce: "sum-abs"` sums
 * `|∂L/∂W · W|` instead. In the paper absolute gradients are accumulated during training: `gradients: "training"` takes their
 * mean over the steps since the last round, with the current weights.
 *
 * @example
 * ```ts
 * import { taylor } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(taylor().options, { reduce: "abs-sum" });
 * ```
 */
export function taylor(options: TaylorOptions = {}): ImportanceScore {
  const { gradients: from = "pass", accumulate = "absolute", reduce: given, ...rest } = options;
  refuseOtherOptions("taylor", rest);
  checkChoice("taylor({ gradients })", from, ["pass", "training"]);
  checkChoice("taylor({ accumulate })", accumulate, ["absolute", "signed"]);
  const isTraining = from === "training", isAbsolute = isTraining && accumulate === "absolute";
  const reduce = given ?? (isAbsolute ? "sum-abs" : "abs-sum");
  checkChoice("taylor({ reduce })", reduce, ["abs-sum", "sum-abs"]);
  return {
    name: "taylor",
    options: { reduce, ...(isTraining && { gradients: from, accumulate }) },
    ...(isTraining && { needs: [isAbsolute ? "absoluteTrainingGradients" : "trainingGradients"] }),
    score: async (context) => {
      const gradients = await context.gradients();
      return new Map(context.matrices.map(({ name }) => {
        const value = tf.tidy(() => {
          const products = tf.mul(gradients.get(name)!, context.weight(name));
          return tf.abs(tf.sum(reduce === "sum-abs" ? tf.abs(products) : products)).dataSync()[0]!;
        });
        return [name, value];
      }));
    },
  };
}

/** For `check-plugin`. */
export const examples: readonly ImportanceScore[] = [taylor({ reduce: "sum-abs" })];
