/**
 * LoRA with over-parameterized factors.
 *
 * @module
 */
import { type Decomposition, refuseOtherOptions, type tf } from "@opf/framework";
import { lowRank } from "./_low_rank.ts";
import { lora, type LoraOptions } from "./lora.ts";
import { mpo, type MpoOptions } from "./mpo.ts";

/** Options of {@linkcode loraOver}. */
export interface LoraOverOptions extends LoraOptions, Pick<MpoOptions, "tensors" | "layout"> {}

/**
 * LoRA with B and A each written as a matrix product operator, which merging contracts back to rank r. The authors of
 * over-parameterized fine-tuning announced the idea in 2026 (arXiv 2605.16470) without its details. Here each factor is an
 * operator of `tensors` tensors; A is in the symmetric gauge; B, which is zero, is in the left gauge, so that its first
 * tensors are orthonormal, its last one is zero, and there is a gradient. Everything else is as in {@linkcode lora}.
 *
 * @example
 * ```ts
 * import { loraOver } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const plan = loraOver({ rank: 2, tensors: 3 }).plan([6, 4]);
 * assertEquals(plan.factorShapes.length, 1 + 3 + 3);
 * ```
 */
export function loraOver({ tensors = 3, layout = "ends", ...options }: LoraOverOptions = {}): Decomposition {
  const { rank = 8, alpha = rank, ...rest } = options;
  refuseOtherOptions("loraOver", rest);
  mpo({ tensors, layout }); // checks them
  return {
    ...lora(options),
    name: "lora-over",
    options: { rank, alpha, tensors, layout },
    plan: (shape) => {
      const low = lowRank(shape, { rank, alpha });
      const [, shapeOfB, shapeOfA] = low.factorShapes as [number[], [number, number], [number, number]];
      const b = mpo({ tensors, layout, gauge: "left" }).plan(shapeOfB), a = mpo({ tensors, layout }).plan(shapeOfA);
      return {
        ...low,
        factorShapes: [low.factorShapes[0]!, ...b.factorShapes, ...a.factorShapes],
        training: [{ frozen: true }, ...[...b.factorShapes, ...a.factorShapes].map(() => ({}))],
        factorize: (matrix, context) => {
          const [base, zeros, uniform] = low.factorize(matrix, context) as [tf.Tensor, tf.Tensor2D, tf.Tensor2D];
          const { key } = context;
          return [base, ...b.factorize(zeros, { key }), ...a.factorize(uniform, { key })];
        },
        reconstruct: ([base, ...factors]) =>
          low.reconstruct([base!, b.reconstruct(factors.slice(0, tensors)), a.reconstruct(factors.slice(tensors))]),
      };
    },
  };
}

/** For `check-plugin`. */
export const examples: readonly Decomposition[] = [loraOver({ rank: 2, tensors: 4 })];
